"""The load that figures are measured with: what it counts is what a real server saw, and errors end it."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest

from bench.load.grpc_calls import GrpcCalls, GrpcMessages
from bench.load.loops import Window, call_at_a_pace, call_without_pause
from bench.load.one_call import call_once
from bench.load.protocol import UnexpectedAnswer

ALL = Window(warming_seconds=0, seconds=0.5)
ANSWER = bytes(700)


class Server:
    """A grpc.aio server that counts."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.address = ""

    async def unary(self, request: bytes, _context: object) -> bytes:
        self.requests.append(request)
        return ANSWER

    async def stream(self, request: bytes, _context: object) -> AsyncIterator[bytes]:
        for _ in range(int(request)):
            yield ANSWER

    async def both(self, requests: AsyncIterator[bytes], _context: object) -> AsyncIterator[bytes]:
        async for request in requests:
            self.requests.append(request)
            yield ANSWER

    async def refused(self, _request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        await context.abort(grpc.StatusCode.NOT_FOUND, "nothing is there")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server that runs for one test."""
    counting, serving = Server(), grpc.aio.server()
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "Unary": grpc.unary_unary_rpc_method_handler(counting.unary),
        "Stream": grpc.unary_stream_rpc_method_handler(counting.stream),
        "Both": grpc.stream_stream_rpc_method_handler(counting.both),
        "Refused": grpc.unary_unary_rpc_method_handler(counting.refused),
    }
    serving.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Test", handlers),))
    counting.address = f"127.0.0.1:{serving.add_insecure_port('127.0.0.1:0')}"
    await serving.start()
    yield counting
    await serving.stop(None)


def number_of(number: int) -> bytes:
    return str(number).encode()


async def test_every_call_that_is_counted_was_made(server: Server) -> None:
    calls = [GrpcCalls(server.address, "/bench.Test/Unary", number_of) for _ in range(8)]
    taken = await asyncio.to_thread(call_without_pause, server.address, calls, ALL)
    assert 0 < taken.calls <= len(server.requests) <= taken.calls + len(calls)
    assert sorted(map(int, server.requests)) == list(range(len(server.requests)))
    assert taken.answered_bytes >= taken.calls * len(ANSWER)
    assert len(taken.milliseconds) == taken.calls


async def test_messages_of_endless_calls_go_on_past_the_windows_of_http2(server: Server) -> None:
    calls = [GrpcMessages(server.address, "/bench.Test/Both", lambda _: bytes(3000)) for _ in range(2)]
    window = Window(warming_seconds=0, seconds=1.5)
    taken = await asyncio.to_thread(call_without_pause, server.address, calls, window, depth=64)
    assert taken.calls * 3000 > 2 * 65_535, "the first windows never were full"
    assert len(server.requests) <= taken.calls + 2 * 64


async def test_a_pace_is_kept(server: Server) -> None:
    calls = [GrpcCalls(server.address, "/bench.Test/Unary", number_of) for _ in range(8)]
    await asyncio.to_thread(call_at_a_pace, server.address, calls, ALL, per_second=40)
    assert len(server.requests) <= 21


async def test_an_answer_comes_whole(server: Server) -> None:
    messages = await asyncio.to_thread(call_once, server.address, "/bench.Test/Stream", b"1000")
    assert messages == [ANSWER] * 1000


async def test_a_refused_call_ends_the_load(server: Server) -> None:
    calls = [GrpcCalls(server.address, "/bench.Test/Refused", number_of)]
    with pytest.raises(UnexpectedAnswer, match="refused"):
        await asyncio.to_thread(call_without_pause, server.address, calls, ALL)
