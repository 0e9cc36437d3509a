"""Every process describes what it serves, and says of each service whether it can work."""

from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2  # type: ignore[import-untyped] # ships no types

from tests.end_to_end.shop import (
    COMMANDS,
    EVENT_LOG,
    FAMILY_COMMANDS,
    FAMILY_QUERIES,
    PROJECTIONS,
    QUERIES,
    Shop,
    health_of,
)
from tests.services.kit_service import all_of
from tests.waiting import eventually

_PROCESSES = {
    "write": {COMMANDS, FAMILY_COMMANDS, EVENT_LOG},
    "read": {QUERIES, FAMILY_QUERIES},
    "admin": {PROJECTIONS},
}
_RPC_COUNTS = {
    COMMANDS: 17,
    FAMILY_COMMANDS: 15,
    EVENT_LOG: 3,
    QUERIES: 11,
    FAMILY_QUERIES: 12,
    PROJECTIONS: 7,
}


async def _reflect(channel: grpc.aio.Channel, version: str, **question: str) -> Any:
    ask: Any = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        reflection_pb2.ServerReflectionRequest.SerializeToString,
        reflection_pb2.ServerReflectionResponse.FromString,
    )
    requests = iter([reflection_pb2.ServerReflectionRequest(**question)])
    [answer] = await all_of(ask(requests, timeout=20))
    return answer


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
@pytest.mark.parametrize("process", _PROCESSES)
async def test_reflection_lists_and_describes_every_service(shop: Shop, process: str, version: str) -> None:
    channel = getattr(shop, process).channel
    listed = await _reflect(channel, version, list_services="*")
    names = {each.name for each in listed.list_services_response.service}
    assert {name for name in names if name.startswith("diptych.")} == _PROCESSES[process]
    assert "grpc.health.v1.Health" in names
    for name in _PROCESSES[process]:
        answer = await _reflect(channel, version, file_containing_symbol=name)
        files = [
            descriptor_pb2.FileDescriptorProto.FromString(content)
            for content in answer.file_descriptor_response.file_descriptor_proto
        ]
        [described] = [
            service for file in files for service in file.service if f"{file.package}.{service.name}" == name
        ]
        assert len(described.method) == _RPC_COUNTS[name]


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
@pytest.mark.parametrize("process", _PROCESSES)
async def test_every_file_that_a_description_needs_can_be_had(shop: Shop, process: str, version: str) -> None:
    channel = getattr(shop, process).channel
    known: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    wanted: set[str] = set()
    for name in _PROCESSES[process]:
        answer = await _reflect(channel, version, file_containing_symbol=name)
        wanted |= _take(answer, known)
    while missing := wanted - known.keys():
        answer = await _reflect(channel, version, file_by_filename=missing.pop())
        wanted |= _take(answer, known)
    assert "diptych/consistency/v1/consistency.proto" in known or process == "admin"


def _take(answer: Any, known: dict[str, descriptor_pb2.FileDescriptorProto]) -> set[str]:
    contents = answer.file_descriptor_response.file_descriptor_proto
    assert contents, answer
    for content in contents:
        file = descriptor_pb2.FileDescriptorProto.FromString(content)
        known[file.name] = file
    return {name for file in known.values() for name in file.dependency}


@pytest.mark.parametrize("process", _PROCESSES)
async def test_health_is_told_of_each_service_and_of_the_process(shop: Shop, process: str) -> None:
    channel = getattr(shop, process).channel

    async def all_serve() -> bool:
        return {await health_of(channel, name) for name in ("", *_PROCESSES[process])} == {"SERVING"}

    await eventually(all_serve)
    elsewhere = set(_RPC_COUNTS) - _PROCESSES[process]
    for name in ("nobody", *elsewhere):
        assert await health_of(channel, name) == "NOT_FOUND"
