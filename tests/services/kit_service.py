"""A service for testing service_kit: each test gives the handlers, the messages are those of orders."""

import contextlib
import logging
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Any
from uuid import uuid4

import grpc
import structlog
from diptych.command.v1 import command_pb2
from diptych.orders.v1 import order_command_service_pb2 as orders_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped] # ships no types
from prometheus_client import CollectorRegistry

from service_kit.errors import ErrorTable
from service_kit.log import configure_logging
from service_kit.methods import Probe, Service
from service_kit.metrics import CallMetrics
from service_kit.server import GrpcServer
from service_kit.settings import Settings

SERVICE_NAME = "diptych.testing.v1.WeavingService"
_SHAPES = {"Weave": (False, False), "Spin": (False, True), "Mend": (True, True)}


@cache
def weaving_descriptor() -> ServiceDescriptor:
    """Weave is unary, Spin a server stream, Mend a stream both ways; all take a PlaceOrderRequest."""
    file = descriptor_pb2.FileDescriptorProto(
        name="diptych/testing/v1/weaving_service.proto",
        package="diptych.testing.v1",
        syntax="proto3",
        dependency=[orders_pb2.DESCRIPTOR.name],
    )
    service = file.service.add(name="WeavingService")
    for rpc, (is_client_stream, is_server_stream) in _SHAPES.items():
        service.method.add(
            name=rpc,
            input_type=".diptych.orders.v1.PlaceOrderRequest",
            output_type=".diptych.orders.v1.PlaceOrderResponse",
            client_streaming=is_client_stream,
            server_streaming=is_server_stream,
        )
    pool = descriptor_pool.Default()
    pool.Add(file)
    return pool.FindServiceByName(SERVICE_NAME)


class Weaving:
    """Answers with the order id it was given, unless a test hands in other handlers."""

    def __init__(
        self,
        *,
        weave: Callable[..., Awaitable[Any]] | None = None,
        spin: Callable[..., AsyncIterator[Any]] | None = None,
        mend: Callable[..., AsyncIterator[Any]] | None = None,
    ) -> None:
        self._weave, self._spin, self._mend = weave, spin, mend

    async def weave(self, request: Any, context: Any) -> Any:
        return await self._weave(request, context) if self._weave else answer(request)

    async def spin(self, request: Any, context: Any) -> AsyncIterator[Any]:
        if self._spin is None:
            yield answer(request)
            return
        async with contextlib.aclosing(self._spin(request, context)) as answers:  # type: ignore[type-var]
            async for each in answers:
                yield each

    async def mend(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        if self._mend is None:
            async for request in requests:
                yield answer(request)
            return
        async with contextlib.aclosing(self._mend(requests, context)) as answers:  # type: ignore[type-var]
            async for each in answers:
                yield each


def answer(request: Any) -> orders_pb2.PlaceOrderResponse:
    """What the plain handlers answer."""
    return orders_pb2.PlaceOrderResponse(order_id=request.order_id)


def valid_request(order_id: str = "42") -> orders_pb2.PlaceOrderRequest:
    """A request that keeps every rule."""
    return orders_pb2.PlaceOrderRequest(
        context=command_pb2.CommandContext(command_id=str(uuid4())),
        order_id=order_id,
        customer_id="alice",
        items=[orders_pb2.OrderItemRequest(sku="mug", quantity=1)],
    )


@contextlib.asynccontextmanager
async def serving(
    weaving: Weaving,
    *,
    errors: ErrorTable | None = None,
    probe: Probe | None = None,
    registry: CollectorRegistry | None = None,
    endless: frozenset[str] = frozenset(),
    checks_itself: frozenset[str] = frozenset(),
    refuses_unknown_fields: bool = True,
    **settings: Any,
) -> AsyncIterator[tuple[GrpcServer, grpc.aio.Channel]]:
    """A started server with the service, and a channel to it."""
    chosen = Settings(**{"drain_seconds": 5.0, **settings})
    before, handlers = structlog.get_config(), logging.getLogger().handlers
    configure_logging(chosen.log_level)
    service = Service(
        descriptor=weaving_descriptor(),
        implementation=weaving,
        refuses_unknown_fields=refuses_unknown_fields,
        endless=endless,
        checks_itself=checks_itself,
        probe=probe,
    )
    server = GrpcServer(
        address="127.0.0.1:0",
        services=[service],
        settings=chosen,
        errors=errors,
        metrics=CallMetrics(registry or CollectorRegistry()),
    )
    await server.start()
    try:
        async with grpc.aio.insecure_channel(
            server.address, options=[("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
        ) as channel:
            yield server, channel
    finally:
        await server.stop(0)
        # Lines went to what pytest has put in the place of stderr, which is closed with this test.
        structlog.configure(**before)
        logging.getLogger().handlers = handlers


def unary(channel: grpc.aio.Channel, rpc: str = "Weave", *, raw: bool = False) -> Any:
    """A callable for a unary RPC; `raw` sends the bytes given."""
    return channel.unary_unary(f"/{SERVICE_NAME}/{rpc}", *_codecs(raw=raw))


def stream(channel: grpc.aio.Channel, rpc: str = "Spin", *, raw: bool = False) -> Any:
    """A callable for a server stream."""
    return channel.unary_stream(f"/{SERVICE_NAME}/{rpc}", *_codecs(raw=raw))


def duplex(channel: grpc.aio.Channel, rpc: str = "Mend", *, raw: bool = False) -> Any:
    """A callable for a stream both ways."""
    return channel.stream_stream(f"/{SERVICE_NAME}/{rpc}", *_codecs(raw=raw))


def _codecs(*, raw: bool) -> tuple[Any, Any]:
    serialize = None if raw else orders_pb2.PlaceOrderRequest.SerializeToString
    return serialize, orders_pb2.PlaceOrderResponse.FromString


class Refused:
    """What a caller sees of a refusal."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self.code = error.code()
        self.message = error.details() or ""
        self.trailers = dict(error.trailing_metadata() or ())
        self.status = status_pb2.Status()
        self.status.ParseFromString(self.trailers.get("grpc-status-details-bin", b""))
        self.details = {each.type_url.rpartition(".")[2]: each for each in self.status.details}

    @property
    def info(self) -> Any:
        return self._detail("ErrorInfo")

    @property
    def fields(self) -> list[str]:
        return [each.field for each in self._detail("BadRequest").field_violations]

    @property
    def retry_seconds(self) -> float:
        return float(self._detail("RetryInfo").retry_delay.ToNanoseconds() / 1e9)

    def _detail(self, name: str) -> Any:
        message = getattr(error_details_pb2, name)()
        self.details[name].Unpack(message)
        return message


async def rest_of(call: Any) -> None:
    """Takes what a stream still answers; raises what it ends with."""
    while await call.read() is not grpc.aio.EOF:
        pass


async def refusal_of(call: Awaitable[Any]) -> Refused:
    """The refusal that a call ends with."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return Refused(error)
    raise AssertionError("the call was answered")


async def refusal_in_time(call: Callable[[], Awaitable[Any]]) -> Refused:
    """What a service says before the caller's deadline.

    On a machine under load the caller's own clock is quicker now and then: then it is called again.
    """
    for _ in range(20):
        refused = await refusal_of(call())
        if refused.details:
            return refused
    raise AssertionError("the service never answered before the deadline")


async def all_of(answers: AsyncIterable[Any]) -> list[Any]:
    """Every message of a stream."""
    return [each async for each in answers]
