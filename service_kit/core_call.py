"""One call of the C core: its operations as coroutines, all in the event loop."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

import grpc
from grpc._cython import cygrpc  # type: ignore[attr-defined] # ships no types

from service_kit.calls import CallerGone
from service_kit.core_events import IfCancelled

Trailers = Iterable[tuple[str, str | bytes]]

_NO_FLAGS = 0
# GRPC_CALL_OK; written out, so that this module loads with a core of any shape.
_TAKEN = 0
# GRPC_WRITE_BUFFER_HINT: one system call for many small messages.
_HOLD = 1
# How far messages are received ahead, and how much is taken over before the core has to take it.
_MOST_UNREAD = 32
_MOST_UNREAD_BYTES = 65_536
_MOST_HELD_BYTES = 65_536
# The core has no word for "no deadline" but a time that is centuries away.
_NO_DEADLINE = 1e11


class CoreCall:
    """A call from its arrival to its status; its task is cancelled when the caller hangs up."""

    __slots__ = (
        "_core",
        "_deadline",
        "_has_ended",
        "_has_headers",
        "_held",
        "_held_bytes",
        "_is_gone",
        "_is_receiving",
        "_is_watched",
        "_peer",
        "_reading",
        "_served",
        "_task",
        "_unread",
        "_unread_bytes",
        "_was_looked_at",
        "_writing",
        "metadata",
    )

    def __init__(self, event: Any) -> None:
        self.metadata = event.invocation_metadata
        self._task: asyncio.Task[None] | None = None
        self._served: set[CoreCall] = set()
        # Let go as soon as nothing more is sent: the core counts a call as long as it is held, and what else
        # refers to this object may form a cycle that is found late.
        self._core: Any = event.call
        self._deadline: float = event.call_details.deadline
        self._peer: str | None = None
        self._is_gone = False
        self._is_watched = False
        self._was_looked_at = False
        self._has_headers = False
        self._has_ended = False
        # Received and not yet taken; None stands for the end.
        self._unread: deque[bytes | None] = deque()
        self._unread_bytes = 0
        self._is_receiving = False
        self._reading: asyncio.Future[None] | None = None
        # Given to `write` and not yet to the core, which takes one at a time.
        self._held: deque[bytes] = deque()
        self._held_bytes = 0
        self._writing: asyncio.Future[bool] | None = None

    def watch(self) -> None:
        """Look whether the caller hangs up. For a call that is answered at once it would be wasted work."""
        if not self._is_watched:
            self._is_watched = True
            self._start(_close_operation(), IfCancelled(self._hung_up))

    def is_new_at_look(self) -> bool:
        """Whether nobody has looked at it before and it is not watched, as it is from the second look on."""
        if self._was_looked_at:
            self.watch()
        is_new, self._was_looked_at = not self._is_watched, True
        return is_new

    def is_served_by(self, task: asyncio.Task[None], served: set["CoreCall"]) -> None:
        """Cancel this task once the caller hangs up; the call is in `served` until the task ends."""
        self._task, self._served = task, served
        served.add(self)
        if self._is_gone:
            self._cancel(task)

    @property
    def task(self) -> asyncio.Task[None]:
        """What serves the call."""
        if self._task is None:
            raise RuntimeError("nothing serves this call")
        return self._task

    def leave(self, _task: asyncio.Task[None] | None = None) -> None:
        """The task has come to its end."""
        self._served.discard(self)
        if not self._has_ended:
            self._core = None

    def time_remaining(self) -> float | None:
        """The seconds that the caller left, None when it set no deadline."""
        return None if self._deadline > _NO_DEADLINE else self._deadline - time.time()

    def peer(self) -> str:
        """The caller's address, until the status is sent."""
        if self._peer is None and self._core is not None:
            address: bytes = self._core.peer()
            self._peer = address.decode(errors="replace")
        return self._peer or ""

    def receive(self, then: Callable[[bytes | None], None]) -> None:
        """Call `then` with the next message, None when there is none."""
        if not self._start(
            (cygrpc.ReceiveMessageOperation(_NO_FLAGS),),
            lambda event: then(event.batch_operations[0].message()),
        ):
            then(None)

    async def contents(self) -> AsyncGenerator[bytes, None]:
        """The messages until the caller ends its side.

        A few are received ahead, so that those which are there together cost one turn of the loop.
        """
        while True:
            self._receive_ahead()
            if not self._unread:
                self._reading = asyncio.get_running_loop().create_future()
                await self._reading
            content = self._unread.popleft()
            if content is None:
                return
            self._unread_bytes -= len(content)
            yield content

    async def write(self, body: bytes, is_followed: bool) -> None:
        """Send a message, or hold it until the one that follows; returns when that may be given.

        Raises CallerGone.
        """
        if self._is_gone:
            raise CallerGone
        self._held.append(body)
        self._held_bytes += len(body)
        if is_followed and self._held_bytes < _MOST_HELD_BYTES:
            return
        self._held_bytes = 0
        self._writing = asyncio.get_running_loop().create_future()
        self._write_next(is_followed)
        if not await self._writing:
            raise CallerGone

    def end(self, code: grpc.StatusCode, details: str, trailers: Trailers, body: bytes | None = None) -> None:
        """Send the status, with a unary call's response before it; only the first one sent counts.

        Raises what a status raises that can't be sent; another one may be tried then.
        """
        if self._has_ended or self._is_gone:
            return
        # Nothing may follow a status.
        self._held.clear()
        message = () if body is None else (cygrpc.SendMessageOperation(body, _NO_FLAGS),)
        number: int = code.value[0]
        status = cygrpc.SendStatusFromServerOperation(tuple(trailers), number, details.encode(), _NO_FLAGS)
        # Only with it is the call over for the core.
        closed = () if self._is_watched else _close_operation()
        if not self._start((*self._headers(), *message, status, *closed), None):
            raise ValueError(f"gRPC's core refused a status {code.name}")
        self._has_ended = self._is_watched = True
        # Until all is sent the core holds it by itself.
        self._core = None

    def _headers(self) -> tuple[Any, ...]:
        return () if self._has_headers else (cygrpc.SendInitialMetadataOperation((), _NO_FLAGS),)

    def _start(self, operations: tuple[Any, ...], done: Callable[[Any], None] | None) -> bool:
        """Whether the core took the operations, and so will call `done`, if there is any."""
        if self._core is None:
            return False
        error: int = self._core.start_server_batch(operations, done)
        return error == _TAKEN

    def _hung_up(self) -> None:
        self.peer()
        self._is_gone = True
        # A handler that goes on, whatever happens, must not keep the server from stopping.
        self._core = None
        if self._task is not None:
            self._cancel(self._task)

    def _cancel(self, task: asyncio.Task[None]) -> None:
        # One that is cancelled before its first step never takes any, and so does not leave by itself.
        task.add_done_callback(self.leave)
        task.cancel()

    def _receive_ahead(self) -> None:
        if (
            self._is_receiving
            or len(self._unread) >= _MOST_UNREAD
            or self._unread_bytes >= _MOST_UNREAD_BYTES
        ):
            return
        if self._unread and self._unread[-1] is None:
            return
        self._is_receiving = True
        self.receive(self._received)

    def _received(self, content: bytes | None) -> None:
        self._is_receiving = False
        self._unread.append(content)
        self._unread_bytes += len(content or b"")
        self._receive_ahead()
        if self._reading is not None and not self._reading.done():
            self._reading.set_result(None)

    def _write_next(self, is_followed: bool) -> None:
        """Give the core what is held, one after the other."""
        body = self._held.popleft()
        # With the headers it would be held until the next one, which waits for it.
        is_held = (is_followed or bool(self._held)) and self._has_headers
        message = cygrpc.SendMessageOperation(body, _HOLD if is_held else _NO_FLAGS)
        operations = (*self._headers(), message)
        self._has_headers = True
        if not self._start(operations, lambda event: self._written(event, is_followed)):
            self._wrote(False)

    def _written(self, event: Any, is_followed: bool) -> None:
        if event.success and self._held:
            self._write_next(is_followed)
        else:
            self._wrote(event.success)

    def _wrote(self, is_sent: bool) -> None:
        self._held.clear()
        if self._writing is not None and not self._writing.done():
            self._writing.set_result(is_sent)


def _close_operation() -> tuple[Any, ...]:
    return (cygrpc.ReceiveCloseOnServerOperation(_NO_FLAGS),)
