"""A process that is told to stop under load: every call ends in order, and the process with status 0."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from diptych.eventlog.v1 import event_log_service_pb2 as event_log
from diptych.orders.v1 import order_query_service_pb2 as queries

from local_stack import processes
from tests.end_to_end.declared import declared_codes, fault_of
from tests.end_to_end.shop import DEADLINE_SECONDS, Reader, Shop, channel_to, head_of, new_id, recorded_after
from tests.services.kit_service import Refused
from tests.services.write_services import Caller, receive
from tests.stack import Stack

_CALLERS = 16
_DRAIN_SECONDS = 60.0


class Load:
    """Calls that go on until one is refused; what was acknowledged and how each caller ended."""

    def __init__(self, call: Callable[[], Awaitable[Any]]) -> None:
        self.answers: list[Any] = []
        self.refusals: list[Refused] = []
        self._call = call
        self._enough = asyncio.Event()
        self._callers = [asyncio.create_task(self._go_on()) for _ in range(_CALLERS)]

    async def under_way(self) -> None:
        """Every caller has had some answers."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self._enough.wait()

    async def end(self) -> None:
        """Every caller was refused."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.gather(*self._callers)

    async def _go_on(self) -> None:
        try:
            while True:
                self.answers.append(await self._call())
                if len(self.answers) >= 10 * _CALLERS:
                    self._enough.set()
        except grpc.aio.AioRpcError as error:
            self.refusals.append(Refused(error))


def _tell_to_stop(stack: Stack, name: str) -> int:
    pid = stack.pid(name)
    os.kill(pid, signal.SIGTERM)
    return pid


async def _exit(stack: Stack, name: str) -> str:
    def is_over() -> bool:
        return stack.end(name) != "is not there"

    assert await asyncio.to_thread(processes.wait_until, is_over, _DRAIN_SECONDS), "it did not stop in time"
    return stack.end(name)


def _check_refusals(refusals: list[Refused], *, is_stream: bool = False) -> None:
    """UNAVAILABLE, by the service itself or, once the connection is gone, by the client's library."""
    for refused in refusals:
        assert refused.code is grpc.StatusCode.UNAVAILABLE, refused.message
        if is_stream or refused.status.details:
            assert fault_of(refused, declared_codes()) is None
            assert refused.info.reason == "SHUTTING_DOWN"
            assert refused.retry_seconds > 0


async def _last_of(stream: Any) -> Refused:
    """The refusal that a stream ends with."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await stream.read() is not grpc.aio.EOF:
                pass
    except grpc.aio.AioRpcError as error:
        return Refused(error)
    raise AssertionError("the stream ended without a status")


async def test_a_write_service_drains_commands_and_subscriptions(stack: Stack, shop: Shop) -> None:
    address = stack.another("write_service", "draining_write_service")
    sku = new_id("sku")
    await shop.write.product(sku, 1)
    before = await head_of(shop.write)
    async with channel_to(address) as channel:
        caller = Caller(channel, address)
        subscription = caller.log.Subscribe(event_log.SubscribeRequest(after_position=before))
        await subscription.read()
        load = Load(lambda: caller.orders.ReceiveStock(receive(sku), timeout=DEADLINE_SECONDS))
        following = asyncio.create_task(_last_of(subscription))
        await load.under_way()
        _tell_to_stop(stack, "draining_write_service")
        _check_refusals([await following], is_stream=True)
        await load.end()
    assert await _exit(stack, "draining_write_service") == "ended with exit code 0"
    _check_refusals(load.refusals)
    await _check_acknowledged(shop, before, load.answers)


async def _check_acknowledged(shop: Shop, before: int, answers: list[Any]) -> None:
    """Every answer is in the log. What a caller was refused may be there too, at most one for each."""
    recorded = await recorded_after(shop.write, before)
    positions = {event.position for event in recorded}
    assert {answer.receipt.position for answer in answers} <= positions
    assert len(positions) - len(answers) <= _CALLERS


async def test_a_read_service_drains_queries_lists_and_watches(stack: Stack, shop: Shop) -> None:
    address = stack.another("read_service", "draining_read_service")
    sku = new_id("sku")
    written = await shop.write.product(sku, 1)
    query = queries.GetProductRequest(sku=sku)
    query.consistency.at_least_as_fresh.CopyFrom(written.receipt.token)
    await shop.read.orders.GetProduct(query, timeout=DEADLINE_SECONDS)
    async with channel_to(address) as channel:
        reader = Reader(channel)
        watches = [reader.orders.WatchOrders(queries.WatchOrdersRequest()) for _ in range(3)]
        for watch in watches:
            await watch.read()
        load = Load(lambda: reader.orders.GetProduct(query, timeout=DEADLINE_SECONDS))
        ends = [asyncio.create_task(_last_of(watch)) for watch in watches]
        await load.under_way()
        _tell_to_stop(stack, "draining_read_service")
        _check_refusals(list(await asyncio.gather(*ends)), is_stream=True)
        await load.end()
    assert await _exit(stack, "draining_read_service") == "ended with exit code 0"
    _check_refusals(load.refusals)
    assert {answer.product.received for answer in load.answers} == {1}


async def test_a_projector_ends_in_order_under_load_and_another_goes_on(stack: Stack, shop: Shop) -> None:
    sku = new_id("sku")
    await shop.write.product(sku, 1)
    requests = [receive(sku) for _ in range(300)]

    async def write(request: Any) -> Any:
        return await shop.write.orders.ReceiveStock(request, timeout=DEADLINE_SECONDS)

    writing = [asyncio.create_task(write(request)) for request in requests]
    await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
    try:
        _tell_to_stop(stack, "projector")
        assert await _exit(stack, "projector") == "ended with exit code 0"
    finally:
        stack.start_part("projector")
    answers = await asyncio.gather(*writing)
    last = max((answer.receipt for answer in answers), key=lambda receipt: receipt.position)
    query = queries.GetProductRequest(sku=sku)
    query.consistency.at_least_as_fresh.CopyFrom(last.token)
    query.consistency.max_wait.seconds = 30
    shown = await shop.read.orders.GetProduct(query, timeout=DEADLINE_SECONDS)
    assert shown.product.received == len(requests) + 1


async def test_a_killed_process_ends_otherwise_than_a_drained_one(stack: Stack) -> None:
    """The sabotaged twin: no drain, and the end is seen to be none."""
    address = stack.another("write_service", "killed_write_service")
    async with channel_to(address) as channel:
        subscription = Caller(channel, address).log.Subscribe(event_log.SubscribeRequest())
        await subscription.read()
        stack.kill("killed_write_service")
        refused = await _last_of(subscription)
    assert await _exit(stack, "killed_write_service") == "was ended by SIGKILL"
    with pytest.raises((AssertionError, KeyError)):
        _check_refusals([refused], is_stream=True)
