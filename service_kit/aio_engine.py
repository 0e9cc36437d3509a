"""Carries calls between grpc.aio and the guard; no other module knows grpc.aio's calls."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Any, NoReturn, TypeAlias

import grpc

from service_kit.calls import CallerGone, CallGuard
from service_kit.context import CallContext
from service_kit.errors import ServiceError, failure_trailers
from service_kit.methods import CallKind, Method
from service_kit.request_id import REQUEST_ID_KEY
from service_kit.settings import Settings

# The caller's side of a grpc.aio call. Its stub type is generic over messages, and here all are bytes.
# Both are generic for type checkers only, hence the quotes.
AioCall: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


def build_server(methods: Iterable[Method], guard: CallGuard, settings: Settings) -> grpc.aio.Server:
    """Answer a server, not started yet, that serves the methods through the guard."""
    server = grpc.aio.server(options=server_options(settings))
    services: dict[str, dict[str, Handler]] = {}
    for method in methods:
        service, _, rpc = method.name.rpartition("/")
        services.setdefault(service, {})[rpc] = _HANDLERS[method.kind](guard, method)
    for service, handlers in services.items():
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        server.add_registered_method_handlers(service, handlers)
    return server


def server_options(settings: Settings) -> list[tuple[str, int]]:
    return [
        # A second process on the port would silently take a share of the calls; workers are meant to.
        ("grpc.so_reuseport", int(settings.worker is not None)),
        ("grpc.max_receive_message_length", settings.max_request_bytes),
        ("grpc.max_send_message_length", settings.max_response_bytes),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
        ("grpc.max_connection_idle_ms", 300_000),
        ("grpc.max_concurrent_streams", 1000),
    ]


def _unary(guard: CallGuard, method: Method) -> Handler:
    async def handle(content: bytes, aio_call: AioCall) -> bytes:
        call = _open(guard, method, aio_call)
        try:
            return await guard.unary(method, call, content)
        except ServiceError as refusal:
            await _refuse(aio_call, call, refusal)

    return grpc.unary_unary_rpc_method_handler(handle)


def _server_stream(guard: CallGuard, method: Method) -> Handler:
    async def handle(content: bytes, aio_call: AioCall) -> None:
        call, sending = _open(guard, method, aio_call), _Sending(aio_call)
        await _streamed(aio_call, sending, call, guard.stream(method, call, content, sending.write))

    return grpc.unary_stream_rpc_method_handler(handle)


def _duplex(guard: CallGuard, method: Method) -> Handler:
    async def handle(contents: AsyncIterator[bytes], aio_call: AioCall) -> None:
        call, sending = _open(guard, method, aio_call), _Sending(aio_call)
        await _streamed(aio_call, sending, call, guard.duplex(method, call, contents, sending.write))

    return grpc.stream_stream_rpc_method_handler(handle)


_HANDLERS = {
    CallKind.UNARY: _unary,
    CallKind.SERVER_STREAM: _server_stream,
    CallKind.DUPLEX: _duplex,
}


def _open(guard: CallGuard, method: Method, aio_call: AioCall) -> CallContext:
    call = guard.open(
        method,
        aio_call.invocation_metadata() or (),
        aio_call.time_remaining(),
        aio_call.peer,
        _current_task(),
    )
    # Trailers cost a tenth of a small call, so a success tells the id only to who sent one.
    if call.is_request_id_given:
        aio_call.set_trailing_metadata(((REQUEST_ID_KEY, call.request_id),))
    return call


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a call is served outside of a task")
    return task


class _Sending:
    """What a stream has sent so far.

    The headers leave with the first message, and grpc.aio takes note of that when it was sent: not when its
    task is cancelled meanwhile. The status would then bring the headers along again, the core would refuse
    it, and the caller would wait for ever. So the first message is not cancelled, and the status waits for
    it.
    """

    def __init__(self, aio_call: AioCall) -> None:
        self._aio_call = aio_call
        self._first: asyncio.Task[bool] | None = None

    async def write(self, body: bytes, _is_followed: bool) -> None:
        """Send one message. Raises CallerGone."""
        if self._first is not None:
            is_sent = await self._send(body)
        else:
            self._first = asyncio.create_task(self._send(body))
            await self.first_sent()
            is_sent = self._first.result()
        if not is_sent:
            raise CallerGone

    async def first_sent(self) -> None:
        """Return when no first message is on its way."""
        if self._first is not None:
            await asyncio.wait((self._first,))

    async def _send(self, body: bytes) -> bool:
        try:
            await self._aio_call.write(body)
        except grpc.aio.InternalError:
            return False
        return True


async def _streamed(
    aio_call: AioCall, sending: _Sending, call: CallContext, answering: Awaitable[bytes | None]
) -> None:
    try:
        body = await answering
        if body is not None:
            await sending.write(body, False)
    except ServiceError as refusal:
        await sending.first_sent()
        await _refuse(aio_call, call, refusal)
    except CallerGone as gone:
        # The one way out that the library takes in silence.
        raise asyncio.CancelledError from gone


async def _refuse(aio_call: AioCall, call: CallContext, refusal: ServiceError) -> NoReturn:
    trailers: Any = ((REQUEST_ID_KEY, call.request_id), *failure_trailers(refusal))
    try:
        await aio_call.abort(refusal.code, refusal.message, trailers)
    except grpc.aio.InternalError as error:
        # The caller hung up meanwhile, and nobody is left to be told.
        raise asyncio.CancelledError from error
