"""Changes of a staged run, for histories that are wrong in one place and for odd ones that are right."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

from diptych.consistency.v1.consistency_pb2 import Consistency
from google.protobuf.message import Message

from tests.faults.checker.calls import Call, Freshness, Point
from tests.faults.checker.read_dump import ReadDump
from tests.faults.checker.requests import request_of, request_type, response_of
from tests.faults.checker.staged import EPOCH, Staged
from tests.faults.checker.story import story

OTHER_EPOCH = UUID(int=8)

_told = cache(story)


def a_story() -> Staged:
    """A run of one's own to change."""
    return deepcopy(_told())


def change_event(run: Staged, which: int, **fields: Any) -> None:
    """Other fields of the event that was at a position."""
    run.log.events[which - 1] = replace(run.log.events[which - 1], **fields)


def change_payload(run: Staged, label: str, change: Callable[[Any], None], *, nth: int = 0) -> None:
    """Another content of one of a command's events."""
    event = [each for each in run.log.events if each.command_id == run[label].command_id][nth]
    message = event.message
    change(message)
    change_event(run, event.position, payload=message.SerializeToString())


def change_answer(call: Call, **fields: Any) -> None:
    """Another last answer."""
    call.answers[-1] = replace(call.answers[-1], **fields)


def change_receipt(call: Call, **fields: Any) -> None:
    receipt = call.answers[-1].receipt
    assert receipt is not None
    change_answer(call, receipt=replace(receipt, **fields))


def change_freshness(call: Call, **fields: Any) -> None:
    freshness = call.answers[-1].freshness
    assert freshness is not None
    change_answer(call, freshness=replace(freshness, **fields))


def change_request(call: Call, change: Callable[[Any], None]) -> None:
    """Another content of a request."""
    message: Message = request_of(call)
    change(message)
    call.request = message.SerializeToString()


def change_response(call: Call, change: Callable[[Any], None]) -> None:
    """Another content of a response."""
    message: Message = response_of(call.method, call.answers[-1].response)
    change(message)
    change_answer(call, response=message.SerializeToString())


def change_rows(call: Call, *pages: tuple[str, ...]) -> None:
    """Other ids on the pages of a scan."""
    call.answers = [replace(each, rows=rows) for each, rows in zip(call.answers, pages, strict=True)]


def freshness_at(position: int, *, lag_seconds: float = 0.0, is_stale: bool = False) -> Freshness:
    return Freshness(epoch=EPOCH, position=position, generation=1, lag_seconds=lag_seconds, is_stale=is_stale)


def token_at(position: int, stream: str = "", version: int = 0, *, epoch: UUID = EPOCH) -> Point:
    return Point(epoch=epoch, position=position, stream=stream, version=version)


def final(run: Staged, projection: str = "orders") -> ReadDump:
    """The newest dump of a projection."""
    return [dump for dump in run.read_models if dump.projection == projection][-1]


def ask_for(call: Call, **consistency: Any) -> None:
    """Give a query its request, with that consistency."""
    request = request_type(call.method)(consistency=Consistency(**consistency))
    call.request = request.SerializeToString()


def query_at(run: Staged, label: str, position: int, id_: str = "o1", **freshness: Any) -> Call:
    """A query of an order, answered with the version that the log had at a position."""
    call = run.query(label, "GetOrder", id_)
    stream = f"order-{id_}"
    version = sum(event.stream == stream for event in run.log.events[:position])
    entity = call.answers[-1].entity
    assert entity is not None
    change_answer(
        call,
        freshness=freshness_at(position, **freshness),
        entity=replace(entity, version=version),
        response=None,
    )
    return call
