"""Many messages together share turns of the loop and system calls, and keep their order and their bounds."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from service_kit import core_call
from service_kit.context import CallContext
from service_kit.core_call import CoreCall
from tests.services.kit_service import (
    Weaving,
    all_of,
    answer,
    duplex,
    refusal_of,
    rest_of,
    serving,
    stream,
    unary,
    valid_request,
)
from tests.waiting import DEADLINE_SECONDS, eventually

both_engines = pytest.mark.usefixtures("engine")


@both_engines
@pytest.mark.parametrize(("count", "size"), [(1, 10), (500, 10), (40, 100_000)])
async def test_answers_given_together_arrive_in_their_order(count: int, size: int) -> None:
    """Fewer than the engine holds back at a time, and more."""

    async def mend(requests: Any, _context: CallContext) -> AsyncIterator[list[bytes]]:
        async for request in requests:
            names = [f"{request.order_id}-{number}".ljust(size) for number in range(count)]
            yield [answer(valid_request(name)).SerializeToString() for name in names]

    async with serving(Weaving(mend=mend)) as (_, channel):
        answers = await all_of(duplex(channel)(iter([valid_request("a"), valid_request("b")])))
    assert [each.order_id.strip() for each in answers] == [f"{of}-{n}" for of in "ab" for n in range(count)]


@both_engines
async def test_who_takes_nothing_of_many_answers_is_a_slow_consumer() -> None:
    """Nothing of what was held follows the status."""
    body = answer(valid_request("x" * 30_000)).SerializeToString()
    ended = asyncio.Event()

    async def spin(_request: Any, _context: CallContext) -> AsyncIterator[list[bytes]]:
        try:
            while True:
                yield [body] * 100
        finally:
            ended.set()

    async with serving(Weaving(spin=spin), write_timeout_seconds=1) as (_, channel):
        call = stream(channel)(valid_request())
        await call.read()
        await asyncio.wait_for(ended.wait(), DEADLINE_SECONDS)
        refused = await refusal_of(rest_of(call))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_CONSUMER")


async def _received_ahead(monkeypatch: pytest.MonkeyPatch, wanted: int) -> int:
    """How many of 500 messages are received while their handler waits after the first."""
    received, may_go_on = 0, asyncio.Event()
    receive = CoreCall._received

    def counted(call: CoreCall, content: bytes | None) -> None:
        nonlocal received
        received += content is not None
        receive(call, content)

    async def mend(requests: Any, _context: CallContext) -> AsyncIterator[Any]:
        async for request in requests:
            await may_go_on.wait()
            yield answer(request)

    async def is_received() -> bool:
        return received >= wanted

    monkeypatch.setattr(CoreCall, "_received", counted)
    async with serving(Weaving(mend=mend), grpc_engine="core") as (_, channel):
        call = duplex(channel)(iter([valid_request(str(number)) for number in range(500)]))
        await eventually(is_received)
        # All that the server was sent before this one it has seen.
        for _ in range(20):
            await unary(channel)(valid_request())
        ahead = received
        may_go_on.set()
        assert [each.order_id for each in await all_of(call)] == [str(number) for number in range(500)]
    return ahead


async def test_a_caller_is_not_received_far_ahead_of_its_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _received_ahead(monkeypatch, 20) <= core_call._MOST_UNREAD + 1


async def test_twin_without_a_bound_all_is_received(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_call, "_MOST_UNREAD", 10_000)
    bound = core_call._MOST_UNREAD_BYTES
    monkeypatch.setattr(core_call, "_MOST_UNREAD_BYTES", 1000 * bound)
    assert await _received_ahead(monkeypatch, 100) >= 100
