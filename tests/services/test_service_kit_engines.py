"""Which engine serves: the core's where it is what was tested, else grpc.aio, with one line that says why."""

import asyncio
import json
import os
import sys
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from grpc._cython import cygrpc  # type: ignore[attr-defined] # ships no types

from service_kit import core_engine, core_shape
from service_kit.core_call import CoreCall
from service_kit.core_engine import CoreServer
from service_kit.server import GrpcServer
from tests.services.kit_service import Weaving, refusal_of, serving, stream, unary, valid_request
from tests.waiting import DEADLINE_SECONDS

_ENDED = (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE)


def _serves_with_core(server: GrpcServer) -> bool:
    return isinstance(server._server, CoreServer)


def _warnings(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    lines = map(json.loads, capsys.readouterr().err.splitlines())
    return [line for line in lines if line["level"] == "warning"]


@pytest.mark.parametrize("engine", ["core", "aio"])
async def test_the_setting_chooses_the_engine(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(Weaving(), grpc_engine=engine) as (server, channel):
        assert _serves_with_core(server) is (engine == "core")
        assert (await unary(channel)(valid_request("7"))).order_id == "7"
    assert _warnings(capsys) == []


def _without(name: str) -> SimpleNamespace:
    return SimpleNamespace(**{each: getattr(cygrpc, each) for each in dir(cygrpc) if each != name})


class _OtherCompletionType:
    operation_complete = 0
    queue_shutdown = 2


class _OtherOperation:
    def __init__(self, *, compression: str) -> None:
        """Asks for one thing more than the one that was tested."""


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"TESTED_VERSION": "1.2.3"}, f"tested with grpcio 1.2.3, and this is {grpc.__version__}"),
        ({"cygrpc": _without("SendMessageOperation")}, "lacks SendMessageOperation"),
        ({"cygrpc": _without("Server")}, "lacks Server, Server.add_http2_port"),
        ({"CompletionType": _OtherCompletionType}, "in another way"),
        ({"ReceiveMessageOperation": _OtherOperation}, "lacks ReceiveMessageOperation.message"),
        ({"SendMessageOperation": _OtherOperation}, "does not work as it did: TypeError"),
    ],
)
async def test_a_core_of_another_shape_is_left_alone_and_one_line_says_why(
    changed: dict[str, Any],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    core = _without("")
    for name, value in changed.items():
        if name in ("TESTED_VERSION", "cygrpc"):
            monkeypatch.setattr(core_shape, name, value)
        else:
            setattr(core, name, value)
            monkeypatch.setattr(core_shape, "cygrpc", core)
    async with serving(Weaving(), grpc_engine="core") as (server, channel):
        assert not _serves_with_core(server)
        assert (await unary(channel)(valid_request("7"))).order_id == "7"
    (line,) = _warnings(capsys)
    assert line["event"] == "served_by_grpc_aio"
    assert reason in line["reason"]


async def test_a_handler_that_will_not_end_is_left_behind_by_the_stop(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_engine, "_CLEANING_SECONDS", 0.1)
    entered, release, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def spin(_request: Any, _context: Any) -> Any:
        while not release.is_set():
            try:
                entered.set()
                await release.wait()
            except asyncio.CancelledError:
                continue
        ended.set()
        yield b""

    async with serving(Weaving(spin=spin), grpc_engine="core") as (server, channel):
        call = stream(channel)(valid_request())
        await entered.wait()
        await asyncio.wait_for(server.stop(0.1), DEADLINE_SECONDS)
        assert (await refusal_of(call.read())).code in _ENDED
        release.set()
        await ended.wait()
        assert [line["event"] for line in _warnings(capsys)] == ["handlers_left"]


async def test_a_status_that_cannot_be_sent_becomes_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for trailers in ((("No Such-Key", "value"),), (("x-half", "\ud800"),), (("x-number", 7),)):
        monkeypatch.setattr(core_engine, "failure_trailers", lambda _refusal, wrong=trailers: wrong)
        async with serving(Weaving(), grpc_engine="core") as (_, channel):
            refused = await refusal_of(unary(channel, raw=True)(b"\xff", timeout=DEADLINE_SECONDS))
            assert refused.code is grpc.StatusCode.INTERNAL


async def test_an_event_that_fails_spares_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    received, failures = CoreServer._received, iter((KeyError, None, OSError))

    def failing(self: CoreServer, *arguments: Any) -> None:
        if failure := next(failures, None):
            raise failure
        received(self, *arguments)

    monkeypatch.setattr(CoreServer, "_received", failing)
    async with serving(Weaving(), grpc_engine="core") as (_, channel):
        calls = [asyncio.ensure_future(unary(channel)(valid_request("7"), timeout=2)) for _ in range(9)]
        await asyncio.wait(calls)
        assert sum(call.exception() is None for call in calls) == 7
        assert (await unary(channel)(valid_request("7"))).order_id == "7"
    assert "a gRPC event was not handled" in capsys.readouterr().err


@pytest.mark.parametrize("unwatched_seconds", [0.01, 3600.0])
async def test_a_caller_that_hangs_up_is_noticed_though_its_call_is_not_watched_at_first(
    unwatched_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody ever looks, the sabotaged twin, the handler goes on."""
    monkeypatch.setattr(core_engine, "_UNWATCHED_SECONDS", unwatched_seconds)
    entered, ended = asyncio.Event(), asyncio.Event()

    async def weave(_request: Any, _context: Any) -> Any:
        entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with serving(Weaving(weave=weave), grpc_engine="core") as (_, channel):
        call = unary(channel)(valid_request(), timeout=2)
        await entered.wait()
        call.cancel()
        if unwatched_seconds < 1:
            await asyncio.wait_for(ended.wait(), 1.5)
        else:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ended.wait(), 0.5)


async def test_a_call_whose_task_never_began_is_not_among_those_served() -> None:
    class Core:
        """Takes any operations."""

        def start_server_batch(self, _operations: Any, _tag: Any) -> int:
            return 0

        def peer(self) -> bytes:
            return b"ipv4:127.0.0.1:1"

    served: set[CoreCall] = set()
    event = SimpleNamespace(invocation_metadata=(), call=Core(), call_details=SimpleNamespace(deadline=1e12))
    call = CoreCall(event)
    task = asyncio.ensure_future(asyncio.sleep(3600))
    call.is_served_by(task, served)
    call._hung_up()
    assert served == {call}
    await asyncio.wait([task])
    assert task.cancelled()
    assert not served


async def test_a_loop_that_is_closed_without_a_stop_ends_the_thread_of_events() -> None:
    """A program that fails must not hang on what was begun, nor say more than what failed."""
    code = """
import asyncio, threading
from grpc import insecure_channel, RpcError
from tests.services.kit_service import Weaving, serving

async def main():
    context = serving(Weaving(), grpc_engine="core", log_level="error")
    server, channel = await context.__aenter__()
    await channel.close()
    raise SystemExit(server.address)

try:
    asyncio.run(main())
except SystemExit as end:
    address = str(end)
with insecure_channel(address) as channel:
    try:
        channel.unary_unary("/a/b")(b"", timeout=0.2)
    except RpcError:
        pass
for thread in threading.enumerate():
    if thread.name == "gRPC events":
        thread.join(30)
        assert not thread.is_alive()
print("ended")
"""
    output, errors, code_of_exit = await _run(code)
    assert (output.strip(), errors, code_of_exit) == ("ended", "", 0)


async def _run(code: str) -> tuple[str, str, int | None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
    return output.decode(), errors.decode(), process.returncode
