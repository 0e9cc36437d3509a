"""The server of a process: start, health, reflection and drain, over a real port."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2  # type: ignore[import-untyped] # ships no types
from grpc_reflection.v1alpha import reflection_pb2  # type: ignore[import-untyped] # ships no types

from service_kit.context import CallContext
from service_kit.errors import StartRefused
from service_kit.methods import Service
from service_kit.server import GrpcServer
from service_kit.settings import Settings
from tests.services.kit_service import (
    SERVICE_NAME,
    Weaving,
    all_of,
    answer,
    refusal_of,
    serving,
    stream,
    unary,
    valid_request,
    weaving_descriptor,
)
from tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.usefixtures("engine")

_SERVING, _NOT_SERVING = 1, 2


def _health(channel: grpc.aio.Channel, rpc: str) -> Any:
    shape = channel.unary_stream if rpc == "Watch" else channel.unary_unary
    return shape(
        f"/grpc.health.v1.Health/{rpc}",
        health_pb2.HealthCheckRequest.SerializeToString,
        health_pb2.HealthCheckResponse.FromString,
    )


def test_an_rpc_without_a_handler_refuses_the_start() -> None:
    class Half:
        async def weave(self, request: Any, context: CallContext) -> Any:
            """Nothing more is there."""

    half = Service(descriptor=weaving_descriptor(), implementation=Half(), endless=frozenset({"Unspun"}))
    server = GrpcServer(address="127.0.0.1:0", services=[half], settings=Settings())
    with pytest.raises(StartRefused, match=r"not implemented: \['Spin', 'Mend'\].*\['Unspun'\]"):
        asyncio.run(server.start())


async def test_a_taken_port_is_one_clear_error() -> None:
    async with serving(Weaving()) as (server, _):
        service = Service(descriptor=weaving_descriptor(), implementation=Weaving())
        second = GrpcServer(address=server.address, services=[service], settings=Settings())
        with pytest.raises(StartRefused, match=f"can't listen on {server.address}: Address already in use"):
            await second.start()


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:http", ":50051"])
async def test_an_address_of_another_form_is_refused(address: str) -> None:
    server = GrpcServer(address=address, services=[], settings=Settings())
    with pytest.raises(StartRefused, match="host:port"):
        await server.start()


async def test_a_unix_socket_serves_too(tmp_path: Path) -> None:
    service = Service(descriptor=weaving_descriptor(), implementation=Weaving())
    server = GrpcServer(address=f"unix:{tmp_path}/kit.sock", services=[service], settings=Settings())
    await server.start()
    async with grpc.aio.insecure_channel(server.address) as channel:
        assert (await unary(channel)(valid_request("9"))).order_id == "9"
    await server.stop(0)


async def test_health_follows_the_probe_and_watchers_are_told() -> None:
    state: list[bool | str] = [True]

    async def probe() -> bool | str:
        if state[0] == "raise":
            raise ConnectionError("secret")
        return state[0]

    async with serving(Weaving(), probe=probe) as (_, channel):
        watch = _health(channel, "Watch")(health_pb2.HealthCheckRequest(service=SERVICE_NAME))
        assert (await watch.read()).status == _SERVING
        for found, status in ((False, _NOT_SERVING), (True, _SERVING), ("raise", _NOT_SERVING)):
            state[0] = found
            assert (await asyncio.wait_for(watch.read(), DEADLINE_SECONDS)).status == status
        assert (await _health(channel, "Check")(health_pb2.HealthCheckRequest())).status == _NOT_SERVING
        unknown = health_pb2.HealthCheckRequest(service="nobody")
        refused = await refusal_of(_health(channel, "Check")(unknown))
        assert refused.code is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_lists_the_services_and_finds_their_files(version: str) -> None:
    async with serving(Weaving()) as (_, channel):
        ask = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            reflection_pb2.ServerReflectionRequest.SerializeToString,
            reflection_pb2.ServerReflectionResponse.FromString,
        )
        requests = [
            reflection_pb2.ServerReflectionRequest(list_services="*"),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE_NAME),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.such.Thing"),
        ]
        listed, found, missing = await all_of(ask(iter(requests)))
        names = [each.name for each in listed.list_services_response.service]
        assert names == [SERVICE_NAME, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"]
        assert found.file_descriptor_response.file_descriptor_proto
        assert missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@pytest.mark.parametrize("is_declared_endless", [True, False])
async def test_a_drain_ends_endless_streams_at_once_and_lets_the_rest_finish(
    is_declared_endless: bool,
) -> None:
    release, entered = asyncio.Event(), asyncio.Event()

    async def weave(request: Any, _context: CallContext) -> Any:
        entered.set()
        await release.wait()
        return answer(request)

    async def spin(request: Any, _context: CallContext) -> AsyncIterator[Any]:
        yield answer(request)
        await asyncio.Event().wait()

    endless = frozenset({"Spin"}) if is_declared_endless else frozenset[str]()
    async with serving(Weaving(weave=weave, spin=spin), endless=endless) as (server, channel):
        watch = stream(channel)(valid_request())
        await watch.read()
        health = _health(channel, "Watch")(health_pb2.HealthCheckRequest())
        await health.read()
        call = asyncio.ensure_future(unary(channel)(valid_request("7")))
        await entered.wait()
        stopping = asyncio.ensure_future(server.stop(10 * DEADLINE_SECONDS))
        assert (await health.read()).status == _NOT_SERVING
        assert await health.read() is grpc.aio.EOF
        if is_declared_endless:
            refused = await refusal_of(watch.read())
            assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
            assert refused.retry_seconds > 0
        release.set()
        assert (await call).order_id == "7"
        # Undeclared, the stream would hold the process up for the whole grace.
        done, _ = await asyncio.wait([stopping], timeout=DEADLINE_SECONDS if is_declared_endless else 1)
        assert bool(done) is is_declared_endless
        watch.cancel()
        await stopping


PROCESS = """
import asyncio
from service_kit.lifecycle import run, serve
from service_kit.methods import Service
from service_kit.server import GrpcServer
from tests.services.kit_service import Weaving, weaving_descriptor

async def main(settings):
    service = Service(descriptor=weaving_descriptor(), implementation=Weaving())
    server = GrpcServer(address=settings.write_address, services=[service], settings=settings)
    await serve("weaving service", server)

run(main, service="write")
"""


async def _start_process(**settings: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **settings}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROCESS,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_a_process_says_when_it_is_ready_and_ends_cleanly_on_sigterm() -> None:
    process = await _start_process(DIPTYCH_WRITE_ADDRESS="127.0.0.1:0", DIPTYCH_METRICS_ADDRESS="")
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), DEADLINE_SECONDS)).decode().strip()
    text, _, address = line.rpartition(" ")
    assert text == "diptych weaving service ready on"
    async with grpc.aio.insecure_channel(address) as channel:
        assert (await unary(channel)(valid_request("7"))).order_id == "7"
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
    assert process.returncode == 0
    events = [json.loads(each)["event"] for each in errors.decode().splitlines()]
    assert events[-1] == "stopped"
    assert sorted(events) == ["call", "draining", "health", "stopped"]


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("DIPTYCH_TOKEN_KEY", "xyz", "DIPTYCH_TOKEN_KEY"),
        ("DIPTYCH_DRAIN_SECONDS", "-1", "DIPTYCH_DRAIN_SECONDS"),
        ("DIPTYCH_WRITE_ADDRESS", "taken", "Address already in use"),
    ],
)
async def test_a_process_that_cannot_start_says_why_in_one_line(
    name: str, value: str, complaint: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        if value == "taken":
            value = f"127.0.0.1:{taken.getsockname()[1]}"
        process = await _start_process(**{"DIPTYCH_METRICS_ADDRESS": "", name: value})
        output, errors = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
    assert (process.returncode, output) == (1, b"")
    assert len(errors.decode().splitlines()) == 1
    assert errors.decode().startswith("diptych can't start: ")
    assert complaint in errors.decode()
