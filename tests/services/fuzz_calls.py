"""Sends fuzzed requests to a service and finds every answer that no contract declares."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from tests.services.fuzzing import Known, requests_by_method
from tests.services.kit_service import Refused
from tests.waiting import DEADLINE_SECONDS

# What only a defect answers.
_UNDECLARED = frozenset(
    {
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.DATA_LOSS,
    }
)
# The library's own answers come without details.
_BARE = frozenset({grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})
_ITEMS_READ = 3


@dataclass(slots=True)
class FuzzReport:
    """How often each answer came, and the requests whose answer is a defect."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)


async def fuzz_service(
    channel: grpc.aio.Channel,
    service: ServiceDescriptor,
    *,
    requests_per_method: int = 50,
    seed: int = 1,
    known: Known | None = None,
    timeout_seconds: float = DEADLINE_SECONDS,
    calls_at_once: int = 16,
) -> FuzzReport:
    """Send so many requests to every RPC; streams are read for a few messages and then left."""
    report = FuzzReport()
    room = asyncio.Semaphore(calls_at_once)

    async def send(rpc: MethodDescriptor, body: bytes) -> None:
        async with room:
            await _send(channel, rpc, body, timeout_seconds, report)

    bodies = await asyncio.to_thread(requests_by_method, service, requests_per_method, seed, known)
    await asyncio.gather(*(send(rpc, body) for rpc in service.methods for body in bodies[rpc.name]))
    return report


async def _send(
    channel: grpc.aio.Channel, rpc: MethodDescriptor, body: bytes, timeout_seconds: float, report: FuzzReport
) -> None:
    path = f"/{rpc.containing_service.full_name}/{rpc.name}"
    try:
        await _call(channel, rpc, path, [body], timeout_seconds)
        report.answers[rpc.name, "OK"] += 1
    except grpc.aio.AioRpcError as error:
        refused = Refused(error)
        report.answers[rpc.name, refused.code.name] += 1
        if _is_defect(refused):
            report.defects.append(f"{path} {refused.code.name} {refused.message!r} for {body[:2000].hex()}")


async def _call(
    channel: grpc.aio.Channel,
    rpc: MethodDescriptor,
    path: str,
    bodies: Sequence[bytes],
    timeout_seconds: float,
) -> None:
    send: Any
    if not rpc.server_streaming:
        send = channel.unary_unary(path)
        await send(bodies[0], timeout=timeout_seconds)
        return
    if rpc.client_streaming:
        send = channel.stream_stream(path)
        call = send(_each(bodies), timeout=timeout_seconds)
    else:
        send = channel.unary_stream(path)
        call = send(bodies[0], timeout=timeout_seconds)
    for _ in range(_ITEMS_READ):
        if await call.read() is grpc.aio.EOF:
            return
    call.cancel()


async def _each(bodies: Sequence[bytes]) -> AsyncIterator[bytes]:
    for body in bodies:
        yield body


def _is_defect(refused: Refused) -> bool:
    if refused.code in _UNDECLARED:
        return True
    if refused.code in _BARE or "ErrorInfo" not in refused.details:
        # A message over the size limit is refused by the library too.
        is_too_large = (
            refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in refused.message
        )
        return refused.code not in _BARE and not is_too_large
    return bool(refused.info.domain != "diptych" or not refused.info.reason)
