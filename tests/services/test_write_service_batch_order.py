"""A batch keeps the order sent though others write to the same streams while it is on its way to the log."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.postgres_server import LogDatabase
from tests.services.append_gate import AppendGate, append_gate
from tests.services.batches import batch, batch_as_it_comes, reason
from tests.services.write_services import Caller, a_context, place, receive, whole_log, write_service
from tests.waiting import DEADLINE_SECONDS
from write_service.batch import Batch
from write_service.batch_order import BatchOrder


class Sending:
    """The commands of a batch, each sent when the test says so."""

    def __init__(self, caller: Caller, sent: list[Any]) -> None:
        self._left = iter(sent)
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._answering = asyncio.create_task(batch_as_it_comes(caller, self._commands()))

    def send(self, count: int) -> None:
        """Send the next ones."""
        for _ in range(count):
            self._queue.put_nowait(next(self._left))

    async def end(self) -> list[Any]:
        """The outcomes, when no more is sent."""
        self._queue.put_nowait(None)
        return await self._answering

    async def _commands(self) -> AsyncIterator[Any]:
        while (command := await self._queue.get()) is not None:
            yield command


async def _numbers(database: LogDatabase, sent: list[Any]) -> dict[str, list[int]]:
    """For each stream, the numbers of a batch's commands in the order of the log."""
    number_of = {request.context.command_id: number for number, request in enumerate(sent)}
    found: dict[str, list[int]] = {}
    for event in await whole_log(database):
        if str(event.command_id) in number_of:
            found.setdefault(event.stream, []).append(number_of[str(event.command_id)])
    return found


async def test_the_order_holds_when_others_write_to_the_same_streams(log_database: LogDatabase) -> None:
    async with write_service(log_database) as one, write_service(log_database) as two:
        for sku in range(3):
            await one.product(f"cup-{sku}", 1)
        choice = random.Random(7)  # noqa: S311 - no secret
        sent = [receive(f"cup-{choice.randrange(3)}", 1) for _ in range(300)]
        over = asyncio.Event()

        async def disturb(sku: int) -> None:
            while not over.is_set():
                await two.orders.ReceiveStock(receive(f"cup-{sku}", 1))

        disturbing = [asyncio.create_task(disturb(sku)) for sku in range(3)]
        answers = await batch(one, sent)
        over.set()
        await asyncio.gather(*disturbing)
    assert not any(answer.HasField("error") for answer in answers)
    found = await _numbers(log_database, sent)
    assert all(numbers == sorted(numbers) for numbers in found.values())


async def _order_of_what_failed_by_turns(database: LogDatabase, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The order in the log of a batch's deliveries, of which 1 and 2 meet another's before 3 does.

    The service takes up what failed at the moment when 1 and 2 are known to have, and 3 is still on its
    way: it would come before 2 if it were not waited for.
    """
    sent = [receive("cup") for _ in range(5)]
    recovers = _recovery(monkeypatch)
    async with write_service(database) as one, write_service(database) as two:
        await one.product("cup", 1)
        sending = Sending(one, sent)
        with append_gate(sent) as gate:
            await _until_two_have_failed(sending, gate, two)
            # What is read now makes the service look at what has failed.
            sending.send(1)
            async with asyncio.timeout(DEADLINE_SECONDS):
                await recovers.wait()
        answers = await sending.end()
    assert not any(answer.HasField("error") for answer in answers)
    return (await _numbers(database, sent))["product-cup"]


async def _until_two_have_failed(sending: Sending, gate: AppendGate, other: Caller) -> None:
    """0 is in the log; 1 and 2 were quicker decided than the other's delivery; 3 is held, decided on 2."""
    sending.send(1)
    await gate.arrived(1)
    sending.send(2)
    await gate.submitted(3)
    gate.let_pass()
    await gate.arrived(2)
    sending.send(1)
    await gate.submitted(4)
    await other.orders.ReceiveStock(receive("cup"))
    gate.let_pass()
    await gate.arrived(3)


def _recovery(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when a batch begins to take up what failed."""
    begun = asyncio.Event()
    recover = Batch._recover

    async def noted(batch_under_way: Batch) -> None:
        begun.set()
        await recover(batch_under_way)

    monkeypatch.setattr(Batch, "_recover", noted)
    return begun


async def test_what_failed_is_taken_up_in_the_order_sent(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await _order_of_what_failed_by_turns(log_database, monkeypatch) == [0, 1, 2, 3, 4]


async def test_twin_a_batch_that_ignores_trouble_loses_its_order(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_self: Batch) -> None:
        return None

    monkeypatch.setattr(Batch, "_all_ended", at_once)
    assert await _order_of_what_failed_by_turns(log_database, monkeypatch) == [0, 1, 3, 2, 4]


async def _order_before_suspension(database: LogDatabase) -> list[str]:
    """The reasons for which a batch's order and the suspension of its customer after it are refused.

    The service decides both before either is in the log, and the order on a stock that has changed.
    """
    sent = [
        place("ines", {"cup": 1}),
        commands.SuspendCustomerRequest(context=a_context(), customer_id="ines", reason="asked for a break"),
    ]
    async with write_service(database) as one, write_service(database) as two:
        await one.customer("ines")
        await one.product("cup", 5)
        await two.orders.ReceiveStock(receive("cup", 1))
        with append_gate(sent) as gate:
            answering = asyncio.create_task(batch(one, sent))
            await gate.submitted(2)
        answers = await answering
    return [reason(answer) for answer in answers if answer.HasField("error")]


async def test_what_a_command_reads_is_not_changed_by_a_later_one(log_database: LogDatabase) -> None:
    assert await _order_before_suspension(log_database) == []


async def test_twin_a_write_that_does_not_follow_earlier_reads_overtakes_them(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BatchOrder, "readers", lambda _self, _written: [])
    assert await _order_before_suspension(log_database) == ["ACCOUNT_SUSPENDED"]
