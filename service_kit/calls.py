"""The guard around every call: what comes before a handler, what follows it, what a failure becomes."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2  # type: ignore[import-untyped] # ships no types

import failpoints
from service_kit.access_log import AccessLog
from service_kit.admission import Admission
from service_kit.context import CallContext, set_deadline
from service_kit.deadlines import Deadlines
from service_kit.errors import ErrorTable, ServiceError, to_status
from service_kit.last_response import Last
from service_kit.methods import CallKind, Method
from service_kit.refusals import internal_error
from service_kit.request_id import Metadata, new_request_id, request_id_of
from service_kit.requests import check, parse
from service_kit.settings import Settings
from service_kit.write_watch import WriteWatch

Answer = TypeVar("Answer")
# Sends one message; True says that another one follows at once, so that this one may be held until then.
Write = Callable[[bytes, bool], Awaitable[None]]
Response = Message | bytes | Sequence[bytes]

_QUIET_SECONDS = 0.05
_MOST_QUIET_LOOKS = 20


class CallerGone(Exception):
    """An engine raises it from a write when the caller has hung up."""


class CallGuard:
    """What all calls of one process share: limits, error table, access log and the drain.

    An engine opens a CallContext for each call and runs `unary`, `stream` or `duplex` in the call's own
    task. They take and give bytes, and raise nothing but ServiceError, CallerGone and CancelledError.
    """

    def __init__(self, *, settings: Settings, errors: ErrorTable, access_log: AccessLog) -> None:
        self._settings = settings
        self._errors = errors
        self._access_log = access_log
        self._deadlines = Deadlines()
        self._admission = Admission(max_calls=settings.max_calls, max_streams=settings.max_streams)

    def open(
        self,
        method: Method,
        metadata: Metadata,
        timeout_seconds: float | None,
        peer: Callable[[], str],
        task: asyncio.Task[Any],
    ) -> CallContext:
        """Begin a call in its task; `timeout_seconds` is what the caller left, None without a deadline."""
        now = time.monotonic()
        if timeout_seconds is None and method.kind is CallKind.UNARY:
            timeout_seconds = self._settings.default_deadline_seconds
        deadline = math.inf if timeout_seconds is None else now + timeout_seconds
        set_deadline(deadline)
        request_id = request_id_of(metadata)
        return CallContext(
            method=method,
            task=task,
            request_id=request_id or new_request_id(),
            is_request_id_given=request_id is not None,
            actor="anonymous",
            started=now,
            deadline=deadline,
            peer=peer,
            status_of=self._status_of,
        )

    def unary(self, method: Method, call: CallContext, content: bytes) -> Awaitable[bytes]:
        """Answer one request with the bytes of its response."""
        return self._guarded(method, call, self._answer, content)

    def stream(
        self, method: Method, call: CallContext, content: bytes, write: Write
    ) -> Awaitable[bytes | None]:
        """Answer one request with many responses, each handed to `write`.

        One that the handler has named the last is the result instead, to be sent with the status.
        """
        return self._guarded(method, call, self._answer_stream, content, write)

    def duplex(
        self, method: Method, call: CallContext, contents: AsyncIterator[bytes], write: Write
    ) -> Awaitable[bytes | None]:
        """Answer many requests with many responses, as `stream` does."""
        return self._guarded(method, call, self._answer_duplex, contents, write)

    def drain(self) -> None:
        """Refuse new calls and end the endless ones; what else is under way goes on."""
        self._admission.drain()

    async def quiet(self) -> None:
        """Refuse calls until none comes for a moment, at most for a second."""
        for _ in range(_MOST_QUIET_LOOKS):
            latecomers = self._admission.latecomers
            await asyncio.sleep(_QUIET_SECONDS)
            if self._admission.latecomers == latecomers:
                return

    async def _guarded(
        self, method: Method, call: CallContext, answer: Callable[..., Awaitable[Answer]], *arguments: Any
    ) -> Answer:
        try:
            self._admission.enter(method, call)
            try:
                self._deadlines.watch(call)
                result = await answer(method, call, *arguments)
            finally:
                self._deadlines.forget(call)
                self._admission.leave(method, call)
        except BaseException as error:
            # No name for the refusal here, and no raise below: an error whose frames hold it stays, with
            # the whole call, until the garbage collector comes.
            if self._is_abandoned(method, call, error):
                raise
            raise self._refusal(method, call, error) from None
        self._access_log.ended(method, call, grpc.StatusCode.OK)
        return result

    async def _answer(self, method: Method, call: CallContext, content: bytes) -> bytes:
        response = await method.handler(_checked(method, call, content), call)
        body: bytes = response if type(response) is bytes else response.SerializeToString()
        call.bytes_sent = len(body)
        if failpoints.is_armed:
            await failpoints.reach("reply.before_send")
        return body

    async def _answer_stream(
        self, method: Method, call: CallContext, content: bytes, write: Write
    ) -> bytes | None:
        return await self._send(method.handler(_checked(method, call, content), call), call, write)

    async def _answer_duplex(
        self, method: Method, call: CallContext, contents: AsyncIterator[bytes], write: Write
    ) -> bytes | None:
        async with aclosing(_checked_each(method, call, contents)) as requests:
            return await self._send(method.handler(requests, call), call, write)

    async def _send(
        self, responses: AsyncGenerator[Response | Last, None], call: CallContext, write: Write
    ) -> bytes | None:
        watch = WriteWatch(call, self._settings.write_timeout_seconds)
        last: bytes | None = None
        try:
            # Without aclosing, a cancelled handler would run its `finally` later, in another task.
            async with aclosing(responses):
                async for response in responses:
                    if isinstance(response, Last):
                        last = response.body
                        await _note(call, last)
                        continue
                    bodies = _bodies(response)
                    for left, body in zip(range(len(bodies) - 1, -1, -1), bodies, strict=True):
                        await _note(call, body)
                        watch.pending_since = time.monotonic()
                        await write(body, left > 0)
                        watch.pending_since = None
        finally:
            watch.close()
        return last

    def _is_abandoned(self, method: Method, call: CallContext, error: BaseException) -> bool:
        """Whether nobody is left to be told."""
        if call.interruption is not None and call.task.uncancel() == 0:
            call.is_interrupted = True
            return False
        is_cancelled = isinstance(error, asyncio.CancelledError) and call.task.cancelling() > 0
        if is_cancelled or isinstance(error, CallerGone):
            self._access_log.abandoned(method, call)
            return True
        # A CancelledError that is not the call's own would, raised again, leave the caller waiting.
        return not isinstance(error, Exception | asyncio.CancelledError)

    def _refusal(self, method: Method, call: CallContext, error: BaseException) -> ServiceError:
        """Answer what the caller learns."""
        refusal = call.interruption if call.is_interrupted else None
        refusal = refusal or self._described(call, error)
        self._access_log.ended(method, call, refusal.code, refusal.reason)
        return refusal

    def _described(self, call: CallContext, error: BaseException) -> ServiceError:
        refusal = self._errors.describe(error)
        if refusal is None:
            self._access_log.defect(call, error)
            refusal = internal_error(call.request_id)
        return refusal

    def _status_of(self, call: CallContext, error: Exception) -> status_pb2.Status:
        return to_status(self._described(call, error))


async def _note(call: CallContext, body: bytes) -> None:
    """Count a message that is about to be sent."""
    if failpoints.is_armed:
        await failpoints.reach("page.before_send")
    call.items_sent += 1
    call.bytes_sent += len(body)


def _bodies(response: Response) -> Sequence[bytes]:
    if isinstance(response, bytes):
        return (response,)
    return (response.SerializeToString(),) if isinstance(response, Message) else response


def _checked(method: Method, call: CallContext, content: bytes) -> Message:
    call.bytes_received += len(content)
    request = parse(method.request_type, content)
    if not method.checks_itself:
        check(request, refuses_unknown_fields=method.refuses_unknown_fields)
    return request


async def _checked_each(
    method: Method, call: CallContext, contents: AsyncIterator[bytes]
) -> AsyncGenerator[Message, None]:
    async for content in contents:
        yield _checked(method, call, content)
