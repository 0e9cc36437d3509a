"""The end of the log in memory: one reader a process, from which all live subscribers are fed."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from event_store import EventLog, StoreError
from write_service.recorded_events import Recorded, recorded

# How often the log is asked although no hint came: hints may get lost.
_POLL_SECONDS = 0.5
_RETRY_SECONDS = 0.25
_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What is in memory after a position, and where the log ends as far as this process knows."""

    events: Sequence[Recorded]
    head: int
    epoch: UUID


class LiveLog:
    """Keeps the newest events, by number and size; starts to read with the first subscriber."""

    def __init__(
        self, log: EventLog, *, most_events: int = 10_000, most_bytes: int = 32 * 1024 * 1024
    ) -> None:
        self._log = log
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._events: deque[Recorded] = deque()
        self._bytes = 0
        self._epoch: UUID | None = None
        self._head = 0
        # The id of the event at the head, None before it was read or when there is none.
        self._anchor: UUID | None = None
        # How often the log turned out to be another history than the one followed.
        self.replacements = 0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def after(self, position: int, limit: int) -> Tail | None:
        """What follows a position, at most `limit` events; None when memory does not reach so far.

        It may end before the position too: whoever asks may have seen more of the log than was read here.
        """
        if self._epoch is None or not self._head - len(self._events) <= position <= self._head:
            return None
        skipped = max(0, position - (self._head - len(self._events)))
        events = tuple(islice(self._events, skipped, skipped + limit))
        return Tail(events=events, head=self._head, epoch=self._epoch)

    def start(self) -> asyncio.Event:
        """Follow the log from now on; the event is set at the next change."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="live log")
        return self._changed

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        async with AsyncExitStack() as stack:
            hints = await stack.enter_async_context(self._log.hints())
            while True:
                try:
                    if not await self._read():
                        await hints.wait(_POLL_SECONDS)
                except StoreError:
                    # Subscribers keep waiting: they go on where they are when the log is back.
                    await asyncio.sleep(_RETRY_SECONDS)

    async def _read(self) -> bool:
        """Read what is new; whether there may be more."""
        if self._epoch is None:
            head = await self._log.head()
            self._begin(head.epoch, head.position)
            return True
        page = await self._log.read(self._head, limit=_PAGE)
        is_other_event = self._anchor is not None and page.anchor != self._anchor
        if page.epoch != self._epoch or page.head < self._head or is_other_event:
            self.replacements += 1
            self._begin(page.epoch, page.head)
            return True
        self._anchor = page.anchor
        if not page.events:
            return False
        for event in page.events:
            self._keep(recorded(event))
        self._head, self._anchor = page.events[-1].position, page.events[-1].event_id
        self._tell()
        return page.through < page.head

    def _begin(self, epoch: UUID, head: int) -> None:
        self._events.clear()
        self._bytes = 0
        self._epoch, self._head, self._anchor = epoch, head, None
        self._tell()

    def _keep(self, event: Recorded) -> None:
        self._events.append(event)
        self._bytes += len(event.content)
        while len(self._events) > self._most_events or self._bytes > self._most_bytes:
            self._bytes -= len(self._events.popleft().content)

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
