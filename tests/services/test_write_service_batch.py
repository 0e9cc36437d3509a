"""ExecuteBatch: each command its own outcome, answers and effects in the order sent."""

from typing import Any

from diptych.orders.v1 import order_command_service_pb2 as commands
from google.protobuf.message import Message
from prometheus_client import REGISTRY

from command_line.demo_commands import demo_commands
from tests.postgres_server import LogDatabase
from tests.services.batches import batch, item, reason
from tests.services.write_services import a_context, place, receive, whole_log, write_service


def _order_command(kind: type[Any], order_id: str, **fields: Any) -> Message:
    message: Message = kind(context=a_context(), order_id=order_id, **fields)
    return message


async def test_commands_on_the_same_streams_take_effect_in_the_order_sent(log_database: LogDatabase) -> None:
    order = place("anna", {"cup": 2})
    order.order_id = "42"
    async with write_service(log_database) as caller:
        answers = await batch(
            caller,
            [
                commands.RegisterCustomerRequest(
                    context=a_context(), customer_id="anna", name="Anna", email="anna@example.com"
                ),
                commands.RegisterProductRequest(
                    context=a_context(), sku="cup", name="cup", unit_price_cents=100, currency_code="EUR"
                ),
                receive("cup", 2),
                order,
                _order_command(commands.ApproveOrderRequest, "42", approved_by="Bob"),
                _order_command(commands.ShipOrderRequest, "42", carrier="DHL", tracking_number="1"),
                _order_command(commands.DeliverOrderRequest, "42"),
            ],
        )
    assert not any(answer.HasField("error") for answer in answers)
    positions = [getattr(each, each.WhichOneof("outcome")).receipt.position for each in answers]
    assert positions == sorted(positions)


async def test_a_bad_command_never_fails_its_neighbours(log_database: LogDatabase) -> None:
    unknown_field = commands.ExecuteBatchRequest.FromString(
        item(receive("cup")).SerializeToString() + b"\xf8\x3f\x01"
    )
    async with write_service(log_database) as caller:
        await caller.product("cup", 5)
        await caller.customer("anna")
        answers = await batch(
            caller,
            [
                receive("cup", 1),
                receive("cup", 0),
                unknown_field,
                receive("jar", 1),
                place("anna", {"cup": 99}),
                receive("cup", 1),
            ],
        )
    reasons = [reason(answer) for answer in answers]
    assert reasons == [
        "",
        "INVALID_REQUEST",
        "UNKNOWN_FIELD",
        "PRODUCT_NOT_FOUND",
        "INSUFFICIENT_INVENTORY",
        "",
    ]
    assert answers[-1].receive_stock.available == 7


async def test_a_batch_sent_again_is_answered_again_and_changes_nothing(log_database: LogDatabase) -> None:
    sent = [
        commands.RegisterProductRequest(
            context=a_context(), sku=f"cup-{number}", name="cup", unit_price_cents=1, currency_code="EUR"
        )
        for number in range(300)
    ]
    async with write_service(log_database) as caller:
        first = await batch(caller, sent)
        again = await batch(caller, sent)
    assert all(answer.register_product.receipt.replayed for answer in again)
    for one, two in zip(first, again, strict=True):
        two.register_product.receipt.replayed = False
        assert one == two
    assert len(await whole_log(log_database)) == 300


async def test_the_whole_demo_is_accepted_as_onebatch(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        answers = await batch(caller, [each.request for group in demo_commands() for each in group])
    assert not [reason(answer) for answer in answers if answer.HasField("error")]


def _accepted_commands() -> float:
    return REGISTRY.get_sample_value("commands_accepted_total") or 0.0


async def test_a_thousand_commands_on_one_stream_share_commits(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.product("cup")
        accepted = _accepted_commands()
        answers = await batch(caller, [receive("cup", 1) for _ in range(1000)])
        assert _accepted_commands() - accepted == 1000
    assert [answer.receive_stock.available for answer in answers] == list(range(1, 1001))
    times = {event.recorded_at for event in await whole_log(log_database)}
    assert len(times) < 500


async def test_a_batch_larger_than_its_window_is_answered_while_it_is_sent(
    log_database: LogDatabase,
) -> None:
    async with write_service(log_database) as caller:
        for sku in range(40):
            await caller.product(f"cup-{sku}")
        answers = await batch(caller, [receive(f"cup-{number % 40}", 1) for number in range(1500)])
    assert sum(answer.receive_stock.available == 1 for answer in answers) == 40
