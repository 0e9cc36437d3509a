"""Callers that hang up, deadlines, the load limit and slow readers, over a real port."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import grpc
import pytest
from diptych.orders.v1 import order_command_service_pb2 as orders_pb2
from grpc_health.v1 import health_pb2  # type: ignore[import-untyped] # ships no types

from service_kit.context import CallContext, remaining_seconds
from tests.services.kit_service import (
    Weaving,
    all_of,
    answer,
    refusal_in_time,
    refusal_of,
    rest_of,
    serving,
    stream,
    unary,
    valid_request,
)
from tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.usefixtures("engine")


@pytest.mark.parametrize("shape", [unary, stream])
async def test_a_caller_that_hangs_up_ends_the_handler_in_its_own_task(shape: Any) -> None:
    started, ended = asyncio.Event(), asyncio.Event()
    tasks: list[asyncio.Task[Any] | None] = []

    async def wait() -> None:
        tasks.append(asyncio.current_task())
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            tasks.append(asyncio.current_task())
            ended.set()

    async def weave(_request: Any, _context: CallContext) -> Any:
        await wait()

    async def spin(request: Any, _context: CallContext) -> AsyncIterator[Any]:
        await wait()
        yield answer(request)

    async with serving(Weaving(weave=weave, spin=spin)) as (_, channel):
        call = shape(channel)(valid_request())
        reading = asyncio.ensure_future(all_of(call) if shape is stream else call)
        await started.wait()
        call.cancel()
        await asyncio.wait_for(ended.wait(), DEADLINE_SECONDS)
        await asyncio.wait([reading])
    assert tasks[0] is tasks[1]


async def test_the_answer_comes_just_before_the_deadline_and_says_so() -> None:
    seen: list[float] = []

    async def weave(_request: Any, context: CallContext) -> Any:
        seen.extend((context.remaining_seconds(), remaining_seconds()))
        await asyncio.Event().wait()

    async with serving(Weaving(weave=weave), default_deadline_seconds=1.5) as (_, channel):
        for timeout in (None, 1.0):
            call = partial(unary(channel), valid_request(), timeout=timeout)
            refused = await refusal_in_time(call)
            assert (refused.code, refused.info.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "TIMED_OUT")
    assert all(0 < each <= 1.5 for each in seen)
    assert len(seen) >= 4


@pytest.mark.parametrize("is_limited", [True, False])
async def test_calls_over_the_limit_are_refused_with_a_pause_and_health_still_answers(
    is_limited: bool,
) -> None:
    release, entered = asyncio.Event(), asyncio.Semaphore(0)

    async def weave(request: Any, _context: CallContext) -> Any:
        entered.release()
        await release.wait()
        return answer(request)

    async with serving(Weaving(weave=weave), max_calls=2 if is_limited else 1000) as (_, channel):
        calls = [asyncio.ensure_future(unary(channel)(valid_request())) for _ in range(5)]
        for _ in range(2 if is_limited else 5):
            await entered.acquire()
        if is_limited:
            done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            refused = await refusal_of(next(iter(done)))
            assert (refused.code, refused.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
            assert refused.retry_seconds > 0
            assert refused.trailers["grpc-retry-pushback-ms"] == "250"
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            health_pb2.HealthCheckRequest.SerializeToString,
            health_pb2.HealthCheckResponse.FromString,
        )
        assert (await check(health_pb2.HealthCheckRequest())).status == 1
        release.set()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(each, grpc.aio.AioRpcError) for each in ended) == (3 if is_limited else 0)
        assert (await unary(channel)(valid_request())).order_id == "42"


async def test_a_reader_that_takes_nothing_is_cut_off_and_its_handler_cleaned_up() -> None:
    ended = asyncio.Event()
    sent = 0

    async def spin(_request: Any, _context: CallContext) -> AsyncIterator[bytes]:
        nonlocal sent
        page = orders_pb2.PlaceOrderResponse(order_id="x" * 100_000).SerializeToString()
        try:
            yield answer(valid_request()).SerializeToString()
            while True:
                sent += 1
                yield page
        finally:
            ended.set()

    async with serving(Weaving(spin=spin), write_timeout_seconds=1) as (_, channel):
        call = stream(channel)(valid_request())
        await call.read()
        await asyncio.wait_for(ended.wait(), DEADLINE_SECONDS)
        refused = await refusal_of(rest_of(call))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_CONSUMER")


async def test_without_the_write_timeout_such_a_reader_would_hold_its_handler() -> None:
    ended = asyncio.Event()

    async def spin(_request: Any, _context: CallContext) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"\x12\x80\x80\x04" + b"x" * 65536
        finally:
            ended.set()

    async with serving(Weaving(spin=spin), write_timeout_seconds=3600) as (_, channel):
        call = stream(channel)(valid_request())
        await call.read()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ended.wait(), 1)
        call.cancel()
        await asyncio.wait_for(ended.wait(), DEADLINE_SECONDS)


async def test_calls_that_callers_gave_up_make_room_without_the_garbage_collector() -> None:
    async def spin(request: Any, _context: CallContext) -> AsyncIterator[Any]:
        yield answer(request)
        await asyncio.Event().wait()

    gc.disable()
    try:
        async with serving(Weaving(spin=spin)) as (_, channel):
            # More than the core lets one connection have at a time.
            for _ in range(1100):
                call = stream(channel)(valid_request("42"))
                assert (await call.read()).order_id == "42"
                call.cancel()
    finally:
        gc.enable()


async def test_calls_that_come_while_a_handler_holds_the_loop_are_answered_after_it() -> None:
    held: list[float] = []

    async def weave(request: Any, _context: CallContext) -> Any:
        if not held:
            held.append(time.monotonic())
            while time.monotonic() < held[0] + 0.3:
                """As code does that waits without await."""
        return answer(request)

    async with serving(Weaving(weave=weave)) as (_, channel):
        answers = await asyncio.gather(*[unary(channel)(valid_request(str(each))) for each in range(200)])
    assert [each.order_id for each in answers] == [str(each) for each in range(200)]
