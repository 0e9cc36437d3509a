"""A file becomes registrations, deliveries, orders and write-offs, then credit notes."""

from collections.abc import Sequence
from pathlib import Path

from diptych.orders.v1 import order_command_service_pb2 as commands

from command_line.importing.kinds import Kind, OrderKind
from command_line.importing.online_retail.plan import Registered, phases
from command_line.importing.online_retail.survey import survey
from command_line.importing.planned import Command
from tests.specs.importing.files import row, write


def _plan(path: Path, registered: Registered | None = None) -> dict[str, list[Command]]:
    found = survey(path, lambda _line: None)
    planned: dict[str, list[Command]] = {}
    for phase in phases(found, registered or Registered()):
        name = phase.name.removeprefix(f"{found.label} ")
        planned[name] = [command for group in phase.groups for command in group]
        assert len(planned[name]) == phase.size, name
    return planned


def _of(command: Command) -> commands.ExecuteBatchRequest:
    assert isinstance(command.request, commands.ExecuteBatchRequest)
    return command.request


def _placed(planned: dict[str, list[Command]]) -> list[commands.PlaceOrderRequest]:
    return [_of(command).place_order for command in planned["orders"] if command.kind is OrderKind.PLACE]


def _kinds(planned: Sequence[Command]) -> list[Kind]:
    return [command.kind for command in planned]


def test_the_phases_follow_what_they_need(tmp_path: Path) -> None:
    planned = _plan(write(tmp_path, row()))
    assert list(planned) == ["customers", "products", "stock", "orders", "credit notes"]


def test_an_invoice_is_an_order_that_goes_to_its_delivery(tmp_path: Path) -> None:
    planned = _plan(write(tmp_path, row(), row(code="22752", quantity="2", price="7.65")))
    assert _kinds(planned["orders"]) == [
        OrderKind.PLACE,
        OrderKind.APPROVE,
        OrderKind.SHIP,
        OrderKind.DELIVER,
    ]
    (order,) = _placed(planned)
    assert (order.order_id, order.customer_id, order.placed_at.seconds) == ("536365", "17850", 1291191960)
    assert order.shipping_address.region_code == "GB"
    items = [(item.sku, item.quantity, item.unit_price_cents) for item in order.items]
    assert items == [("85123A", 6, 255), ("22752", 2, 765)]
    assert planned["orders"][0].entries == (2, 3)


def test_the_same_product_twice_stays_two_lines(tmp_path: Path) -> None:
    planned = _plan(write(tmp_path, row(quantity="1"), row(quantity="2", price="2.00")))
    (order,) = _placed(planned)
    assert [(item.quantity, item.unit_price_cents) for item in order.items] == [(1, 255), (2, 200)]
    assert _of(planned["stock"][0]).receive_stock.quantity == 3


def test_lines_of_an_invoice_that_stand_apart_are_one_order(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        row(at="2010-12-01 16:58:00"),
        row(invoice="536366"),
        row(code="22752", at="2010-12-01 16:57:00"),
    )
    orders = {order.order_id: order for order in _placed(_plan(path))}
    assert [item.sku for item in orders["536365"].items] == ["85123A", "22752"]
    assert orders["536365"].placed_at.seconds % 3600 == 57 * 60


def test_stock_covers_orders_and_write_offs_and_nothing_more(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        row(),
        row(invoice="536366", quantity="4"),
        row(invoice="536589", quantity="-10", price="0.0", customer=""),
        row(invoice="C536379", quantity="-5"),
    )
    planned = _plan(path)
    (delivery,) = planned["stock"]
    assert (_of(delivery).receive_stock.sku, _of(delivery).receive_stock.quantity) == ("85123A", 20)
    (write_off,) = [command for command in planned["orders"] if command.kind is OrderKind.WRITE_OFF]
    assert _of(write_off).adjust_stock.delta == -10


def test_a_c_invoice_is_a_credit_note_that_brings_goods_back(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        row(invoice="C536379", quantity="-5"),
        row(invoice="C536379", code="POST", quantity="-1", price="18.00"),
        row(invoice="C536379", code="BANK CHARGES", quantity="-1", price="1.00"),
    )
    (command,) = _plan(path)["credit notes"]
    note = _of(command).issue_credit_note
    assert (note.credit_note_id, note.customer_id, note.region_code) == ("C536379", "17850", "GB")
    items = [(item.sku, item.quantity, item.unit_price_cents, item.is_returned) for item in note.items]
    assert items == [("85123A", 5, 255, True), ("POST", 1, 1800, False), ("BANK-CHARGES", 1, 100, False)]


def test_everyone_without_a_number_is_one_guest(tmp_path: Path) -> None:
    planned = _plan(write(tmp_path, row(customer=""), row(invoice="536366", customer="")))
    assert [_of(command).register_customer.customer_id for command in planned["customers"]] == ["guest"]


def test_a_product_has_the_first_description_of_a_sale(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        row(invoice="1", description="damaged?", quantity="-1", price="0.0", customer=""),
        row(invoice="2", description="T-LIGHT HOLDER", price="2.55"),
        row(invoice="3", description="HOLDER, T-LIGHT", price="2.10"),
        row(invoice="4", code="22752", description="", price="0.0"),
    )
    products = [_of(command).register_product for command in _plan(path)["products"]]
    assert [(product.sku, product.name, product.unit_price_cents) for product in products] == [
        ("85123A", "T-LIGHT HOLDER", 255),
        ("22752", "22752", 0),
    ]


def test_what_an_earlier_file_registered_is_not_registered_again(tmp_path: Path) -> None:
    registered = Registered()
    _plan(write(tmp_path, row()), registered)
    planned = _plan(
        write(tmp_path, row(invoice="540000"), row(invoice="540000", code="22752"), name="2011-01.csv"),
        registered,
    )
    assert planned["customers"] == []
    assert [command.subject for command in planned["products"]] == ["22752"]


def test_the_plan_of_a_file_is_the_same_every_time(tmp_path: Path) -> None:
    path = write(tmp_path, row(), row(invoice="C536379", quantity="-1"), row(invoice="3", quantity="-1"))
    assert _plan(path) == _plan(path)


def test_no_two_commands_share_a_command_id(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        row(),
        row(invoice="3", quantity="-1"),
        row(invoice="3", quantity="-1"),
        row(invoice="C3", quantity="-1"),
    )
    ids = [command.command_id for commands_ in _plan(path).values() for command in commands_]
    assert len(ids) == len(set(ids)) == 1 + 1 + 1 + 4 + 2 + 1


def test_an_order_has_the_same_command_ids_from_a_day_as_from_its_month(tmp_path: Path) -> None:
    day = _plan(write(tmp_path, row(), name="2010-12-01.csv"))
    month = _plan(write(tmp_path, row(invoice="536364"), row(), name="2010-12.csv"))
    assert [c.request for c in day["orders"]] == [c.request for c in month["orders"] if c.subject == "536365"]
    assert day["stock"][0].command_id != month["stock"][0].command_id
