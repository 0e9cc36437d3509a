"""PlaceOrder: an order and its stock, in one step, or neither."""

from typing import Any

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1.views_pb2 import ORDER_STATUS_PENDING

from tests.specs.orders.given import ANNA, NOW, Given, a_product, an_order, refused
from write_service.decider import Violation
from write_service.orders.customer import CustomerNotFound
from write_service.orders.order import OrderExists
from write_service.orders.order_items import AccountSuspended, EmptyOrder, MixedCurrencies, OrderTooLarge
from write_service.orders.product import InsufficientInventory, ProductNotFound


def _place(*items: Any, **fields: Any) -> commands.PlaceOrderRequest:
    return commands.PlaceOrderRequest(order_id="42", customer_id="anna", items=items, **fields)


CUP = {"sku": "cup", "quantity": 2}
JAR = {"sku": "jar", "quantity": 1}


def test_an_order_carries_customer_and_prices_as_they_were_and_reserves_each_product() -> None:
    """A projector that asks for live customer data gives another result after a rebuild; this one can't."""
    given = Given(ANNA, a_product("cup", stock=2), a_product("jar", stock=1, unit_price_cents=50))
    placed = events.OrderPlaced(
        order_id="42",
        customer_id="anna",
        customer_name="Anna",
        customer_email="anna@example.com",
        items=[
            events.OrderItem(sku="cup", quantity=2, unit_price_cents=100, name="a cup"),
            events.OrderItem(sku="jar", quantity=1, unit_price_cents=50, name="a jar"),
        ],
        payment_method_id="card-1",
        shipping_address={"region_code": "GB"},
        total_cents=250,
        currency_code="EUR",
        placed_at=NOW,
    )
    outcome = given.when(
        _place(CUP, JAR, payment_method_id="card-1", shipping_address={"region_code": "GB"})
    ).then(
        ("order-42", placed),
        ("product-cup", events.StockReserved(sku="cup", quantity=2, order_id="42")),
        ("product-jar", events.StockReserved(sku="jar", quantity=1, order_id="42")),
    )
    assert outcome.response == commands.PlaceOrderResponse(
        order_id="42", status=ORDER_STATUS_PENDING, total_cents=250, currency_code="EUR"
    )


def test_the_order_is_opened_by_one_event_that_holds_its_items() -> None:
    """Items told before the order, or without quantity and price, leave totals at nothing."""
    outcome = Given(ANNA, a_product("cup", stock=2)).when(_place(CUP))
    opening = outcome.events[0]
    assert isinstance(opening, events.OrderPlaced)
    assert opening.total_cents == sum(each.quantity * each.unit_price_cents for each in opening.items)


def test_deciding_twice_on_the_same_history_gives_the_same_events() -> None:
    """Nothing is collected on the side, so what is answered is what is stored."""
    given = (ANNA, a_product("cup", stock=2))
    assert Given(*given).when(_place(CUP)).events == Given(*given).when(_place(CUP)).events


def test_an_order_may_tell_when_it_was_placed_elsewhere() -> None:
    outcome = Given(ANNA, a_product("cup", stock=2)).when(_place(CUP, placed_at={"seconds": 1_300_000_000}))
    assert outcome.events[0].placed_at.seconds == 1_300_000_000  # type: ignore[attr-defined] # OrderPlaced


def test_an_agreed_price_goes_before_the_list_price_even_when_it_is_nothing() -> None:
    given = Given(ANNA, a_product("cup", stock=4))
    items = [{"sku": "cup", "quantity": 1, "unit_price_cents": price} for price in (0, 7)]
    assert given.when(_place(*items)).response.total_cents == 7


def test_lines_of_one_product_reserve_its_stock_once_for_all() -> None:
    outcome = Given(ANNA, a_product("cup", stock=4)).when(_place(CUP, CUP))
    assert outcome.streams == ["order-42", "product-cup"]
    assert outcome.events[1] == events.StockReserved(sku="cup", quantity=4, order_id="42")


def test_lines_of_one_product_are_short_together() -> None:
    rejection = refused(Given(ANNA, a_product("cup", stock=3)), _place(CUP, CUP), InsufficientInventory)
    assert [each.description for each in rejection.violations] == ["4 wanted, 3 available"]


def test_each_short_item_is_named() -> None:
    given = Given(ANNA, a_product("cup", stock=1), a_product("jar"), a_product("pot", stock=9))
    rejection = refused(given, _place(CUP, JAR, {"sku": "pot", "quantity": 9}), InsufficientInventory)
    assert rejection.violations == (
        Violation(subject="product-cup", description="2 wanted, 1 available"),
        Violation(subject="product-jar", description="1 wanted, 0 available"),
    )


def test_what_is_reserved_cannot_be_ordered_again() -> None:
    given = Given(ANNA, a_product("cup", stock=3))
    given.when(_place(CUP))
    request = _place(CUP)
    request.order_id = "43"
    refused(given, request, InsufficientInventory)


def test_an_unknown_customer_places_no_order() -> None:
    refused(Given(a_product("cup", stock=2)), _place(CUP), CustomerNotFound, customer_id="anna")


def test_a_suspended_customer_places_no_order() -> None:
    suspended = events.CustomerSuspended(customer_id="anna", reason="unpaid")
    refused(
        Given(ANNA, suspended, a_product("cup", stock=2)), _place(CUP), AccountSuspended, customer_id="anna"
    )


def test_a_reinstated_customer_places_orders_again() -> None:
    history = [
        events.CustomerSuspended(customer_id="anna", reason="unpaid"),
        events.CustomerReinstated(customer_id="anna"),
    ]
    Given(ANNA, history, a_product("cup", stock=2)).when(_place(CUP))


def test_an_order_has_at_least_one_item() -> None:
    refused(Given(ANNA), _place(), EmptyOrder, order_id="42")


def test_an_unknown_product_cannot_be_ordered() -> None:
    refused(Given(ANNA, a_product("cup", stock=2)), _place(CUP, JAR), ProductNotFound, sku="jar")


def test_an_orders_amounts_are_in_one_currency() -> None:
    given = Given(ANNA, a_product("cup", stock=2), a_product("jar", stock=1, currency_code="GBP"))
    refused(given, _place(CUP, JAR), MixedCurrencies)


def test_an_orders_total_has_a_limit() -> None:
    given = Given(ANNA, a_product("cup", stock=10, unit_price_cents=50_000_000))
    refused(given, _place(CUP, {"sku": "cup", "quantity": 1}), OrderTooLarge, order_id="42")
    assert given.when(_place(CUP)).response.total_cents == 100_000_000


def test_a_total_beyond_64_bits_is_too_large_and_no_defect() -> None:
    given = Given(ANNA, a_product("cup"))
    items = [{"sku": "cup", "quantity": 100_000_000, "unit_price_cents": 100_000_000}] * 2000
    refused(given, _place(*items), OrderTooLarge)


def test_an_orders_id_is_given_once() -> None:
    refused(Given(an_order(cup=2)), _place(CUP), OrderExists, order_id="42")
