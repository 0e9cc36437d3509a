"""Which function answers which RPC, read from a service's descriptor."""

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from service_kit.errors import StartRefused

# Answers True when the service can do its work, else False or the reason in a few words.
Probe = Callable[[], Awaitable[bool | str]]


class CallKind(Enum):
    """How many messages go each way."""

    UNARY = "one request, one response"
    SERVER_STREAM = "one request, many responses"
    DUPLEX = "many requests, many responses"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A gRPC service and the object that implements it.

    For `rpc PlaceOrder` the object has `async def place_order(self, request, context)` that returns a
    response; for a server stream an async generator `(self, request, context)`; for a stream both ways
    an async generator `(self, requests, context)` over an async iterator. A response is a message or
    the bytes of one; a stream may give several at once, as a list of bytes, which then leave together.
    """

    descriptor: ServiceDescriptor
    implementation: object
    # Commands refuse what they don't know: ignoring a field could change what the caller meant.
    refuses_unknown_fields: bool = False
    # RPCs without an end of their own (WatchOrder): the drain ends them with SHUTTING_DOWN at once.
    endless: frozenset[str] = frozenset()
    # RPCs that call `context.check` on each item, so that one bad item can't fail its neighbours.
    checks_itself: frozenset[str] = frozenset()
    probe: Probe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One RPC with all that serving it needs; `name` is package.Service/Rpc."""

    name: str
    kind: CallKind
    request_type: type[Message]
    handler: Callable[..., Any]
    refuses_unknown_fields: bool = False
    is_endless: bool = False
    checks_itself: bool = False
    # Health and reflection answer even under overload, and don't fill the access log.
    is_exempt: bool = False


def methods_of(service: Service, *, is_exempt: bool = False) -> list[Method]:
    """Raise StartRefused naming every RPC that is not implemented or flagged but unknown."""
    rpcs = {rpc.name: rpc for rpc in service.descriptor.methods}
    unknown = sorted((service.endless | service.checks_itself) - rpcs.keys())
    missing = [name for name in rpcs if not callable(getattr(service.implementation, snake_case(name), None))]
    if unknown or missing:
        raise StartRefused(
            f"{service.descriptor.full_name}: not implemented: {missing}, not in the contract: {unknown}"
        )
    return [_method(service, rpc, is_exempt=is_exempt) for rpc in rpcs.values()]


def snake_case(rpc_name: str) -> str:
    """Answer the handler's name: PlaceOrder is answered by place_order."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", rpc_name).lower()


def _method(service: Service, rpc: MethodDescriptor, *, is_exempt: bool) -> Method:
    name = f"{service.descriptor.full_name}/{rpc.name}"
    kind = _kind(rpc, name)
    handler = getattr(service.implementation, snake_case(rpc.name))
    if (kind is CallKind.UNARY) != inspect.iscoroutinefunction(handler):
        raise StartRefused(f"{name} ({kind.value}) has a handler of the wrong kind")
    return Method(
        name=name,
        kind=kind,
        request_type=GetMessageClass(rpc.input_type),
        handler=handler,
        refuses_unknown_fields=service.refuses_unknown_fields,
        is_endless=rpc.name in service.endless,
        checks_itself=rpc.name in service.checks_itself,
        is_exempt=is_exempt,
    )


def _kind(rpc: MethodDescriptor, name: str) -> CallKind:
    if not rpc.client_streaming:
        return CallKind.SERVER_STREAM if rpc.server_streaming else CallKind.UNARY
    if not rpc.server_streaming:
        raise StartRefused(f"{name}: many requests with one response is not a shape served here")
    return CallKind.DUPLEX
