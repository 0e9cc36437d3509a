"""What a command asked for, and whether its events say the same."""

from collections.abc import Iterator, Sequence
from typing import Any

from diptych.consistency.v1.consistency_pb2 import Consistency
from diptych.eventlog.v1 import event_log_service_pb2 as eventlog
from diptych.families.v1 import family_command_service_pb2 as family_commands
from diptych.families.v1 import family_query_service_pb2 as family_queries
from diptych.orders.v1 import order_command_service_pb2 as order_commands
from diptych.orders.v1 import order_query_service_pb2 as order_queries
from google.protobuf.message import Message

from tests.faults.checker.calls import Call

_MODULES: tuple[Any, ...] = (order_commands, family_commands, order_queries, family_queries, eventlog)


def request_type(method: str) -> Any:
    """The type of a method's requests; None for a method of neither domain."""
    return _type(f"{method}Request")


def response_type(method: str) -> Any:
    """The type of a method's responses; None for a method of neither domain."""
    return _type(f"{method}Response")


def _type(name: str) -> Any:
    return next((getattr(module, name) for module in _MODULES if hasattr(module, name)), None)


def request_of(call: Call) -> Any:
    """The request message, or None where it is not known."""
    return _parsed(request_type(call.method), call.request)


def consistency_of(call: Call) -> Consistency | None:
    """How fresh the answer was to be; None where that is not known, or not asked for by such a method."""
    request = request_of(call)
    return request.consistency if request is not None and hasattr(request, "consistency") else None


def response_of(method: str, response: bytes | None) -> Any:
    """The response message, or None where it was not recorded."""
    return _parsed(response_type(method), response)


def _parsed(kind: Any, content: bytes | None) -> Any:
    return kind.FromString(content) if kind is not None and content is not None else None


def unlike(request: Message | None, events: Sequence[Message]) -> Iterator[str]:
    """Where the first event differs from the request in a field that both have and the request sets."""
    if request is not None and events:
        yield from _differences(request, events[0], events[0].DESCRIPTOR.name)


def _differences(asked: Message, said: Message, place: str) -> Iterator[str]:
    fields = said.DESCRIPTOR.fields_by_name
    for field, value in asked.ListFields():
        same = fields.get(field.name)
        if same is None or same.is_repeated != field.is_repeated or same.cpp_type != field.cpp_type:
            continue
        pairs = [(value, getattr(said, field.name))]
        if field.is_repeated:
            pairs = list(zip(value, pairs[0][1], strict=False))
            if len(value) != len(getattr(said, field.name)):
                yield f"{place}.{field.name} has another length than asked for"
        for wanted, given in pairs:
            if isinstance(wanted, Message):
                yield from _differences(wanted, given, f"{place}.{field.name}")
            elif wanted != given:
                yield f"{place}.{field.name} is not what was asked for"
