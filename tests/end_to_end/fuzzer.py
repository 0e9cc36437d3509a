"""Fuzzed requests to every RPC of a service, with what was answered and which commands were accepted."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2  # type: ignore[import-untyped] # ships no types

from tests.end_to_end.declared import declared_codes, fault_of
from tests.end_to_end.shop import DEADLINE_SECONDS
from tests.services.fuzzing import Known, requests_by_method
from tests.services.kit_service import Refused

# Streams without end are left when nothing more has come for so long.
_QUIET_SECONDS = 0.2
_ENDLESS = ("Subscribe", "Watch")
_BATCH = 5
_CALLS_AT_ONCE = 16


@dataclass(slots=True)
class Fuzzed:
    """What came back."""

    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    # Command ids of what was accepted, without repeats.
    accepted: set[str] = field(default_factory=set)
    # Command ids in batches that were refused as a whole: any of them may have been accepted before.
    unanswered: set[str] = field(default_factory=set)


async def fuzz(
    channel: grpc.aio.Channel, service: ServiceDescriptor, count: int, seed: int, known: Known
) -> Fuzzed:
    """Send so many requests to every RPC of a service."""
    fuzzed, codes, room = Fuzzed(), declared_codes(), asyncio.Semaphore(_CALLS_AT_ONCE)
    bodies = await asyncio.to_thread(requests_by_method, service, count, seed, known)

    async def send(rpc: MethodDescriptor, sent: Sequence[bytes]) -> None:
        async with room:
            try:
                answers = await _call_through(channel, rpc, sent)
            except grpc.aio.AioRpcError as error:
                _take_refusal(fuzzed, codes, Refused(error), rpc, sent)
                if rpc.client_streaming:
                    fuzzed.unanswered.update(_command_ids(rpc, sent))
                return
            fuzzed.answers["OK"] += 1
            for answer in answers:
                _take_answer(fuzzed, codes, answer, rpc, sent)

    await asyncio.gather(
        *(send(rpc, sent) for rpc in service.methods for sent in _batches(rpc, bodies[rpc.name]))
    )
    return fuzzed


def _batches(rpc: MethodDescriptor, bodies: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    size = _BATCH if rpc.client_streaming else 1
    return (bodies[start : start + size] for start in range(0, len(bodies), size))


async def _call_through(
    channel: grpc.aio.Channel, rpc: MethodDescriptor, bodies: Sequence[bytes]
) -> list[Any]:
    """Call until the answer is the service's own."""
    while True:
        try:
            return await _call(channel, rpc, bodies)
        except grpc.aio.AioRpcError as error:
            # The client's library says so when it writes to a stream that was refused meanwhile.
            if not (rpc.client_streaming and error.details() == "Internal error from Core"):
                raise


async def _call(channel: grpc.aio.Channel, rpc: MethodDescriptor, bodies: Sequence[bytes]) -> list[Any]:
    path = f"/{rpc.containing_service.full_name}/{rpc.name}"
    parse = GetMessageClass(rpc.output_type).FromString
    send: Any
    if not rpc.server_streaming:
        send = channel.unary_unary(path, response_deserializer=parse)
        return [await send(bodies[0], timeout=DEADLINE_SECONDS)]
    if rpc.client_streaming:
        send = channel.stream_stream(path, response_deserializer=parse)
        return [answer async for answer in send(iter(bodies), timeout=DEADLINE_SECONDS)]
    send = channel.unary_stream(path, response_deserializer=parse)
    call = send(bodies[0], timeout=DEADLINE_SECONDS)
    if not rpc.name.startswith(_ENDLESS):
        return [answer async for answer in call]
    reading = asyncio.ensure_future(call.read())
    done, _ = await asyncio.wait([reading], timeout=_QUIET_SECONDS)
    if done:
        # A refusal comes before anything else, and is raised here.
        return [await reading]
    call.cancel()
    # How it ends after that is of no interest.
    await asyncio.gather(reading, return_exceptions=True)
    return []


def _take_answer(
    fuzzed: Fuzzed, codes: dict[str, str], answer: Any, rpc: MethodDescriptor, sent: Sequence[bytes]
) -> None:
    if rpc.client_streaming:
        outcome = answer.WhichOneof("outcome")
        if outcome is None or outcome == "error":
            _take_refusal(fuzzed, codes, _RefusedInBatch(answer.error), rpc, sent)
            return
        _note_accepted(fuzzed, answer.command_id, getattr(answer, outcome))
    elif "receipt" in answer.DESCRIPTOR.fields_by_name:
        request: Any = GetMessageClass(rpc.input_type).FromString(sent[0])
        _note_accepted(fuzzed, request.context.command_id, answer)


def _command_ids(rpc: MethodDescriptor, bodies: Sequence[bytes]) -> Iterable[str]:
    for body in bodies:
        with contextlib.suppress(DecodeError):
            request: Any = GetMessageClass(rpc.input_type).FromString(body)
            command = request.WhichOneof("command")
            if command is not None:
                yield getattr(request, command).context.command_id.lower()


def _note_accepted(fuzzed: Fuzzed, command_id: str, answer: Any) -> None:
    if not answer.receipt.replayed:
        fuzzed.accepted.add(command_id.lower())


class _RefusedInBatch(Refused):
    """A refusal of one command of a batch."""

    def __init__(self, status: status_pb2.Status) -> None:
        self.code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
        self.message = status.message
        self.status = status
        self.details = {each.type_url.rpartition(".")[2]: each for each in status.details}


def _take_refusal(
    fuzzed: Fuzzed, codes: dict[str, str], refused: Refused, rpc: MethodDescriptor, sent: Sequence[bytes]
) -> None:
    fuzzed.answers[refused.code.name] += 1
    fault = fault_of(refused, codes)
    if fault is not None:
        bodies = [body[:1000].hex() for body in sent]
        fuzzed.faults.append(f"{rpc.full_name}: {fault}, for {bodies}")
