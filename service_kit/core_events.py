"""Brings the events of gRPC's C core into the event loop, many of them at each crossing."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from grpc._cython import cygrpc  # type: ignore[attr-defined] # ships no types

# That there is one, and its request.
_EVENTS_OF_A_CALL = 2
# So many events at most before the loop turns to other work.
_MOST_EVENTS = 256
_AT_ONCE = 0.0


class IfCancelled:
    """A tag for the end of a call: `told` hears of it when the caller hung up before it was answered."""

    __slots__ = ("_told",)

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told

    def __call__(self, _event: Any) -> None:
        self._told()


class CompletionQueue:
    """The core's queue; an event's tag is what is called with it, in the loop, and None for nothing.

    A thread of its own waits for the first event. It then rests while the loop takes whatever else is there,
    and until a turn brings a single call or nothing: taking turns at each event, both would wait for each
    other all the time.
    """

    def __init__(self) -> None:
        self.core = cygrpc.CompletionQueue()
        self._complete = cygrpc.CompletionType.operation_complete
        self._loop = asyncio.get_running_loop()
        # A lock for one to release and the other to take: a Semaphore is many times slower.
        self._may_wait = threading.Lock()
        self._may_wait.acquire()
        self._thread = threading.Thread(target=self._wait, name="gRPC events", daemon=True)
        self._is_stopping = False
        self._has_ended = asyncio.Event()

    def start(self) -> None:
        """Begin to bring events."""
        self._thread.start()
        self._may_wait.release()

    async def stop(self) -> None:
        """Bring what is left and end; nothing may be begun any more."""
        if not self._is_stopping:
            self._is_stopping = True
            self.core.shutdown()
        await self._has_ended.wait()
        self._thread.join()

    def _wait(self) -> None:
        while True:
            self._may_wait.acquire()
            event = self._news()
            if event.completion_type == cygrpc.CompletionType.queue_shutdown:
                self._tell(self._has_ended.set)
                return
            if not self._tell(self._take, event):
                return
            # While it waits for the next one, the thread would keep this one's call alive.
            del event

    def _news(self) -> Any:
        """The next event that the loop has to hear of; that a call came to its end need not wake it."""
        while True:
            event = self.core.poll()
            if event.completion_type != self._complete or _is_news(event):
                return event
            del event

    def _tell(self, told: Callable[..., None], *arguments: Any) -> bool:
        """Whether there is a loop to tell: a program that fails may close it without a stop."""
        try:
            self._loop.call_soon_threadsafe(told, *arguments)
        except RuntimeError:
            return False
        return True

    def _take(self, event: Any) -> None:
        taken = 0
        try:
            while event.completion_type == self._complete:
                taken += 1
                if _is_news(event):
                    self._hand_over(event)
                if taken == _MOST_EVENTS:
                    break
                event = self.core.poll(_AT_ONCE)
        finally:
            # Also after what ends the program, which may still want to drain.
            self._go_on(taken)

    def _go_on(self, taken: int) -> None:
        if taken > _EVENTS_OF_A_CALL:
            # While events of several calls come at every turn of the loop, the thread rests on.
            self._loop.call_soon(self._look)
        else:
            # A shutdown is reported again to whoever asks next.
            self._may_wait.release()

    def _look(self) -> None:
        self._take(self.core.poll(_AT_ONCE))

    def _hand_over(self, event: Any) -> None:
        try:
            event.tag(event)
        except Exception as error:  # noqa: BLE001 - one call's failure must not stop the others' events
            self._loop.call_exception_handler({"message": "a gRPC event was not handled", "exception": error})


def _is_news(event: Any) -> bool:
    tag = event.tag
    if tag is None:
        return False
    return tag.__class__ is not IfCancelled or event.batch_operations[0].cancelled()
