"""Callers that leave in every state of a call, and what is left of them: nothing."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from service_kit.context import CallContext
from service_kit.core_call import CoreCall
from service_kit.server import GrpcServer
from tests.services.kit_service import (
    Weaving,
    all_of,
    answer,
    duplex,
    refusal_of,
    serving,
    stream,
    unary,
    valid_request,
)
from tests.services.raw_http2 import RawConnection, raw_connection
from tests.waiting import DEADLINE_SECONDS, eventually

pytestmark = pytest.mark.usefixtures("engine")

_BODY = valid_request("7").SerializeToString()
_ROUNDS = 40


class _Waiting(Weaving):
    """Every handler waits for what never comes; it counts who came in and who went out."""

    def __init__(self) -> None:
        super().__init__(weave=self._wait, spin=self._stream, mend=self._stream)
        self.entered = 0
        self.left = 0

    async def _wait(self, _request: Any, _context: CallContext) -> Any:
        self.entered += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.left += 1

    async def _stream(self, requests: Any, context: CallContext) -> AsyncIterator[bytes]:
        if hasattr(requests, "__anext__"):
            await anext(requests)
        yield answer(valid_request()).SerializeToString()
        await self._wait(requests, context)


def _begun(raw: RawConnection, number: int, rpc: str, state: str) -> None:
    raw.begin(number, rpc)
    if state == "half a message":
        raw.send(0, 0, number, b"\0\0\0\0\xff" + _BODY[:9])
    elif state != "headers":
        raw.message(number, _BODY, ends=state == "half-closed")


@pytest.mark.parametrize("leaves_by", ["reset", "hanging up"])
@pytest.mark.parametrize("state", ["headers", "half a message", "message", "half-closed"])
async def test_who_leaves_is_forgotten(state: str, leaves_by: str) -> None:
    waiting = _Waiting()
    async with serving(waiting, max_calls=_ROUNDS, max_streams=2 * _ROUNDS) as (server, channel):
        async with raw_connection(server.address) as raw:
            numbers = range(1, 6 * _ROUNDS, 2)
            for number in numbers:
                _begun(raw, number, ("Weave", "Spin", "Mend")[number // 2 % 3], state)
            if state in ("message", "half-closed"):
                await eventually(_equal(lambda: waiting.entered, len(numbers)))
            for number in numbers if leaves_by == "reset" else ():
                raw.reset(number)
            if leaves_by == "reset":
                await eventually(_is_forgotten(server, waiting))
        await eventually(_is_forgotten(server, waiting))
        # There is room for as many again.
        calls = [asyncio.ensure_future(unary(channel)(valid_request())) for _ in range(_ROUNDS)]
        entered = waiting.entered
        await eventually(_equal(lambda: waiting.entered, max(entered, waiting.left) + _ROUNDS))
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)


def _equal(found: Any, wanted: int) -> Any:
    async def look() -> bool:
        return bool(found() == wanted)

    return look


def _is_forgotten(server: GrpcServer, waiting: _Waiting) -> Any:
    admission = server._guard._admission

    async def look() -> bool:
        return waiting.left == waiting.entered and (admission._calls, admission._streams) == (0, 0)

    return look


@pytest.mark.parametrize("is_kept", [False, True])
async def test_nothing_is_left_of_calls_that_ended_in_any_way(is_kept: bool) -> None:
    """Where a handler keeps its contexts, the sabotaged twin, they are found."""
    kept: list[CallContext] = []
    entered = asyncio.Semaphore(0)

    async def weave(request: Any, context: CallContext) -> Any:
        if is_kept:
            kept.append(context)
        if request.order_id == "wait":
            entered.release()
            await asyncio.Event().wait()
        if request.order_id == "fail":
            raise KeyError("lost")
        return answer(request)

    async def spin(request: Any, context: CallContext) -> AsyncIterator[Any]:
        yield await weave(request, context)

    async with serving(Weaving(weave=weave, spin=spin)) as (_, channel):
        await _call_in_every_way(channel, entered)
        gc.collect()
        before = _alive()
        for _ in range(10):
            await _call_in_every_way(channel, entered)

        async def is_nothing_left() -> bool:
            gc.collect()
            return _alive() <= before

        if is_kept:
            assert not await is_nothing_left()
        else:
            await eventually(is_nothing_left)


async def _call_in_every_way(channel: grpc.aio.Channel, entered: asyncio.Semaphore) -> None:
    for shape in (unary, stream):
        await _ended(shape, shape(channel)(valid_request("42")))
        await refusal_of(_ended(shape, shape(channel)(valid_request("fail"))))
        await refusal_of(_ended(shape, shape(channel)(valid_request("wait"), timeout=0.2)))
        await entered.acquire()
        call = shape(channel)(valid_request("wait"))
        reading = asyncio.ensure_future(_ended(shape, call))
        await entered.acquire()
        call.cancel()
        await asyncio.wait([reading])
    mending = duplex(channel)()
    await mending.write(valid_request("42"))
    assert (await mending.read()).order_id == "42"
    mending.cancel()


async def _ended(shape: Any, call: Any) -> None:
    _ = await (call if shape is unary else all_of(call))


def _alive() -> int:
    # Exact types: isinstance would ask every proxy that other tests have left.
    kinds = (CallContext, CoreCall)
    return sum(type(each) in kinds for each in gc.get_objects())


async def test_a_caller_that_ends_its_side_still_gets_the_rest() -> None:
    is_half_closed = asyncio.Event()

    async def mend(requests: Any, _context: CallContext) -> AsyncIterator[Any]:
        taken = [request async for request in requests]
        is_half_closed.set()
        for request in taken * 3:
            yield answer(request)

    async with serving(Weaving(mend=mend)) as (_, channel):
        call = duplex(channel)()
        await call.write(valid_request("1"))
        assert not is_half_closed.is_set()
        await call.done_writing()
        assert [each.order_id async for each in call] == ["1", "1", "1"]


async def test_a_stop_ends_streams_that_write_and_may_be_asked_for_again() -> None:
    is_over = asyncio.Event()

    async def spin(request: Any, _context: CallContext) -> AsyncIterator[Any]:
        try:
            while True:
                yield answer(request)
        finally:
            is_over.set()

    async with serving(Weaving(spin=spin)) as (server, channel):
        call = stream(channel)(valid_request())
        for _ in range(100):
            await call.read()
        reading = asyncio.ensure_future(refusal_of(_read_on(call)))
        await asyncio.wait_for(asyncio.gather(server.stop(0.2), server.stop(0)), DEADLINE_SECONDS)
        await server.stop(0)
        assert is_over.is_set()
        refused = await asyncio.wait_for(reading, DEADLINE_SECONDS)
        assert refused.code in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE)


async def _read_on(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass
