"""ExecuteBatch: each command its own outcome, answers and effects in the order sent."""

import asyncio
import random
from collections.abc import Iterable
from typing import Any

from diptych.orders.v1 import order_command_service_pb2 as commands
from google.protobuf.message import Message
from prometheus_client import REGISTRY

from command_line.demo_commands import demo_commands
from tests.postgres_server import LogDatabase
from tests.services.kit_service import all_of
from tests.services.write_services import Caller, a_context, place, receive, whole_log, write_service
from write_service.batch import Batch
from write_service.batch_order import BatchOrder


def _item(command: Any) -> commands.ExecuteBatchRequest:
    name = type(command).__name__.removesuffix("Request")
    field = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
    return commands.ExecuteBatchRequest(**{field: command})


def _command(item: commands.ExecuteBatchRequest) -> Any:
    return getattr(item, item.WhichOneof("command") or "")


async def _batch(caller: Caller, sent: Iterable[Any]) -> list[Any]:
    items = [each if isinstance(each, commands.ExecuteBatchRequest) else _item(each) for each in sent]
    answers = await all_of(caller.orders.ExecuteBatch(iter(items)))
    ids = [_command(item).context.command_id for item in items]
    assert [answer.command_id for answer in answers] == ids
    return answers


def _reason(answer: Any) -> str:
    for detail in answer.error.details:
        if detail.type_url.endswith("ErrorInfo"):
            return str(detail.value.decode("utf-8", "replace").split("\x12", 1)[0][2:])
    return ""


def _order_command(kind: type[Any], order_id: str, **fields: Any) -> Message:
    message: Message = kind(context=a_context(), order_id=order_id, **fields)
    return message


async def test_commands_on_the_same_streams_take_effect_in_the_order_sent(log_database: LogDatabase) -> None:
    order = place("anna", {"cup": 2})
    order.order_id = "42"
    async with write_service(log_database) as caller:
        answers = await _batch(
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
        _item(receive("cup")).SerializeToString() + b"\xf8\x3f\x01"
    )
    async with write_service(log_database) as caller:
        await caller.product("cup", 5)
        await caller.customer("anna")
        answers = await _batch(
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
    reasons = [_reason(answer) for answer in answers]
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
        first = await _batch(caller, sent)
        again = await _batch(caller, sent)
    assert all(answer.register_product.receipt.replayed for answer in again)
    for one, two in zip(first, again, strict=True):
        two.register_product.receipt.replayed = False
        assert one == two
    assert len(await whole_log(log_database)) == 300


async def _disturbed(database: LogDatabase) -> list[list[int]]:
    """For each product, the numbers of a batch's deliveries in the order of the log, beside other writers."""
    async with write_service(database) as one, write_service(database) as two:
        for sku in range(3):
            await one.product(f"cup-{sku}", 1)
        choice = random.Random(7)  # noqa: S311 - no secret
        sent = []
        for number in range(300):
            request = receive(f"cup-{choice.randrange(3)}", 1)
            request.reference = str(number)
            sent.append(request)
        over = asyncio.Event()

        async def disturb(sku: int) -> None:
            while not over.is_set():
                await two.orders.ReceiveStock(receive(f"cup-{sku}", 1))

        disturbing = [asyncio.create_task(disturb(sku)) for sku in range(3)]
        answers = await _batch(one, sent)
        over.set()
        await asyncio.gather(*disturbing)
        assert not any(answer.HasField("error") for answer in answers)
    numbers: dict[str, list[int]] = {}
    sent_ids = {request.context.command_id: int(request.reference) for request in sent}
    for event in await whole_log(database):
        if str(event.command_id) in sent_ids:
            numbers.setdefault(event.stream, []).append(sent_ids[str(event.command_id)])
    return list(numbers.values())


async def test_the_order_holds_when_others_write_to_the_same_streams(log_database: LogDatabase) -> None:
    assert all(numbers == sorted(numbers) for numbers in await _disturbed(log_database))


async def test_twin_a_batch_that_ignores_trouble_loses_its_order(
    log_database: LogDatabase, monkeypatch: Any
) -> None:
    async def at_once(_self: Batch) -> None:
        return None

    monkeypatch.setattr(Batch, "_all_ended", at_once)
    assert not all(numbers == sorted(numbers) for numbers in await _disturbed(log_database))


async def _order_before_suspension(database: LogDatabase) -> list[str]:
    """The reasons for which a batch's orders are refused that go before their customer is suspended.

    The service decides them on stocks that have changed meanwhile, so that each meets another's write.
    """
    async with write_service(database) as one, write_service(database) as two:
        sent: list[Any] = []
        for number in range(10):
            await one.customer(f"ines-{number}")
            await one.product(f"cup-{number}", 5)
            await two.orders.ReceiveStock(receive(f"cup-{number}", 1))
            sent.append(place(f"ines-{number}", {f"cup-{number}": 1}))
            sent.append(
                commands.SuspendCustomerRequest(
                    context=a_context(), customer_id=f"ines-{number}", reason="asked for a break"
                )
            )
        answers = await _batch(one, sent)
    return [_reason(answer) for answer in answers if answer.HasField("error")]


async def test_what_a_command_reads_is_not_changed_by_a_later_one(log_database: LogDatabase) -> None:
    assert await _order_before_suspension(log_database) == []


async def test_twin_a_write_that_does_not_follow_earlier_reads_overtakes_them(
    log_database: LogDatabase, monkeypatch: Any
) -> None:
    monkeypatch.setattr(BatchOrder, "readers", lambda _self, _written: [])
    assert "ACCOUNT_SUSPENDED" in await _order_before_suspension(log_database)


async def test_the_whole_demo_is_accepted_as_one_batch(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        answers = await _batch(caller, [each.request for group in demo_commands() for each in group])
    assert not [_reason(answer) for answer in answers if answer.HasField("error")]


def _accepted_commands() -> float:
    return REGISTRY.get_sample_value("commands_accepted_total") or 0.0


async def test_a_thousand_commands_on_one_stream_share_commits(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await caller.product("cup")
        accepted = _accepted_commands()
        answers = await _batch(caller, [receive("cup", 1) for _ in range(1000)])
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
        answers = await _batch(caller, [receive(f"cup-{number % 40}", 1) for number in range(1500)])
    assert sum(answer.receive_stock.available == 1 for answer in answers) == 40
