"""Carries calls between gRPC's C core and the guard, without grpc.aio's machinery for each call.

`grpc._cython.cygrpc` is what grpcio's own servers stand on. It is private, so core_shape looks at it before
it is used; aio_engine serves with any other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any

import grpc
from grpc._cython import cygrpc  # type: ignore[attr-defined] # ships no types

from service_kit.calls import CallerGone, CallGuard
from service_kit.context import CallContext
from service_kit.core_call import CoreCall
from service_kit.core_events import CompletionQueue
from service_kit.errors import ServiceError, failure_trailers
from service_kit.log import logger, where_from
from service_kit.methods import CallKind, Method
from service_kit.request_id import REQUEST_ID_KEY

# How many calls the core may hand over between two turns of the loop.
_REQUESTED_CALLS = 64
# A caller that hangs up goes unnoticed for up to twice as long: most unary calls are over by then.
_UNWATCHED_SECONDS = 0.05
# For handlers to clean up once they are cancelled; grpc.aio does not wait for them at all.
_CLEANING_SECONDS = 2.0

Answer = Callable[..., Awaitable[None]]


class CoreServer:
    """A server, not started yet, that serves the methods through the guard; used as grpc.aio.Server is."""

    def __init__(
        self, methods: Iterable[Method], guard: CallGuard, options: Iterable[tuple[str, int]]
    ) -> None:
        self._methods = {f"/{method.name}".encode(): method for method in methods}
        self._guard = guard
        self._queue = CompletionQueue()
        self._core = cygrpc.Server(tuple(options), False)
        self._core.register_completion_queue(self._queue.core)
        self._loop = asyncio.get_running_loop()
        self._served: set[CoreCall] = set()
        self._is_look_due = False
        self._is_started = False
        self._is_stopping = False
        self._shut_down = asyncio.Event()

    def add_insecure_port(self, address: str) -> int:
        """The port listened on; raises RuntimeError when that can't be."""
        return _listened(address, self._core.add_http2_port(address.encode()))

    def add_secure_port(self, address: str, credentials: grpc.ServerCredentials) -> int:
        """The same with TLS."""
        core_credentials: Any = credentials._credentials  # type: ignore[attr-defined] # noqa: SLF001 - as grpc.aio does
        return _listened(address, self._core.add_http2_port(address.encode(), core_credentials))

    async def start(self) -> None:
        """Begin to take calls."""
        self._core.start()
        self._is_started = True
        for _ in range(_REQUESTED_CALLS):
            self._request_call()
        self._queue.start()

    async def stop(self, grace_seconds: float) -> None:
        """Take no more calls; those under way are cancelled when the grace, the shortest given, is over.

        A handler that does not end then is left behind.
        """
        if not self._is_started:
            return
        if not self._is_stopping:
            self._is_stopping = True
            self._core.shutdown(self._queue.core, lambda _: self._shut_down.set())
        try:
            async with asyncio.timeout(grace_seconds):
                await self._shut_down.wait()
        except TimeoutError:
            self._core.cancel_all_calls()
            await self._shut_down.wait()
        if self._served:
            _, left = await asyncio.wait([call.task for call in self._served], timeout=_CLEANING_SECONDS)
            if left:
                logger().warning("handlers_left", handlers=len(left))
        await self._queue.stop()

    def _request_call(self) -> None:
        self._core.request_call(self._queue.core, self._queue.core, self._called)

    def _called(self, event: Any) -> None:
        if not self._is_stopping:
            self._request_call()
        if not event.success or event.call is None:
            return
        method = self._methods.get(event.call_details.method)
        call = CoreCall(event)
        if method is None:
            # As the library's own servers say it.
            call.end(grpc.StatusCode.UNIMPLEMENTED, "Method not found!", ())
        elif method.kind is CallKind.DUPLEX:
            self._serve(call, _duplex, method)
        else:
            call.receive(lambda content: self._received(method, call, content))

    def _received(self, method: Method, call: CoreCall, content: bytes | None) -> None:
        if content is None:
            call.end(grpc.StatusCode.UNIMPLEMENTED, "the request is missing", ())
        elif method.kind is CallKind.UNARY:
            self._serve(call, _unary, method, content)
        else:
            self._serve(call, _server_stream, method, content)

    def _serve(self, call: CoreCall, answer: Answer, method: Method, *content: bytes) -> None:
        task = self._loop.create_task(_served(answer, self._guard, method, call, *content))
        call.is_served_by(task, self._served)
        if method.kind is not CallKind.UNARY:
            call.watch()
        elif not self._is_look_due:
            self._look_later()

    def _look_later(self) -> None:
        self._is_look_due = True
        self._loop.call_later(_UNWATCHED_SECONDS, self._look)

    def _look(self) -> None:
        self._is_look_due = False
        unwatched = [call for call in self._served if call.is_new_at_look()]
        if unwatched:
            self._look_later()


def _listened(address: str, port: int) -> int:
    if not port:
        raise RuntimeError(f"can't listen on {address}")
    return port


async def _served(answer: Answer, guard: CallGuard, method: Method, call: CoreCall, *content: bytes) -> None:
    try:
        await answer(guard, method, call, *content)
    except CallerGone:
        pass
    except Exception as error:  # noqa: BLE001 - the outermost frame of a call; the guard lets none through
        logger().error("call_failed", **where_from(error))
        call.end(grpc.StatusCode.INTERNAL, "internal error", ())
    finally:
        # Not by a callback of the task, each of which costs a turn of the loop.
        call.leave()


async def _unary(guard: CallGuard, method: Method, call: CoreCall, content: bytes) -> None:
    context = _open(guard, method, call)
    try:
        body = await guard.unary(method, context, content)
    except ServiceError as refusal:
        _refuse(call, context, refusal)
    else:
        call.end(grpc.StatusCode.OK, "", _success_trailers(context), body)


async def _server_stream(guard: CallGuard, method: Method, call: CoreCall, content: bytes) -> None:
    context = _open(guard, method, call)
    await _streamed(call, context, guard.stream(method, context, content, call.write))


async def _duplex(guard: CallGuard, method: Method, call: CoreCall) -> None:
    context = _open(guard, method, call)
    async with aclosing(call.contents()) as contents:
        await _streamed(call, context, guard.duplex(method, context, contents, call.write))


async def _streamed(call: CoreCall, context: CallContext, answering: Awaitable[bytes | None]) -> None:
    try:
        body = await answering
    except ServiceError as refusal:
        _refuse(call, context, refusal)
    else:
        call.end(grpc.StatusCode.OK, "", _success_trailers(context), body)


def _open(guard: CallGuard, method: Method, call: CoreCall) -> CallContext:
    return guard.open(method, call.metadata, call.time_remaining(), call.peer, call.task)


def _success_trailers(context: CallContext) -> tuple[tuple[str, str], ...]:
    # Trailers cost a tenth of a small call, so a success tells the id only to who sent one.
    return ((REQUEST_ID_KEY, context.request_id),) if context.is_request_id_given else ()


def _refuse(call: CoreCall, context: CallContext, refusal: ServiceError) -> None:
    trailers = ((REQUEST_ID_KEY, context.request_id), *failure_trailers(refusal))
    call.end(refusal.code, refusal.message, trailers)
