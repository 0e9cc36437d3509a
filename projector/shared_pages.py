"""Pages of the whole log for several projections of one process: what one of them read, none reads again."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from event_store import EventLog, LogPage, StoredEvent

# So many events are kept when there are more than twice as many.
_KEPT_EVENTS = 500
# What was read longer ago is read again, so that a log that was replaced is noticed as soon as without this.
_KEPT_SECONDS = 0.5


class PageRead(NamedTuple):
    """A page and when it was asked for, by time.monotonic: what it says of the log's end is as of then."""

    read_at: float
    page: LogPage


@dataclass(slots=True, kw_only=True)
class _Tail:
    """The end of the log as it was at `read_at`, when so many hints had come; `anchor` is the id of the event
    at `start`, after which the events follow."""

    epoch: UUID
    start: int
    anchor: UUID | None
    events: Sequence[StoredEvent]
    read_at: float
    heard: int

    @property
    def end(self) -> int:
        return self.start + len(self.events)

    def id_at(self, position: int) -> UUID | None:
        return self.anchor if position == self.start else self.events[position - self.start - 1].event_id

    def page(self, after_position: int, limit: int) -> PageRead:
        first = after_position - self.start
        events = self.events[first : first + limit]
        page = LogPage(
            epoch=self.epoch,
            head=self.end,
            events=events,
            anchor=self.id_at(after_position),
            through=after_position + len(events),
        )
        return PageRead(self.read_at, page)


class SharedPages:
    """Reads the log and keeps its end, as long as that is new."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._tail: _Tail | None = None
        self._reading: tuple[int, int, int, asyncio.Task[PageRead]] | None = None

    async def read(self, after_position: int, limit: int) -> PageRead:
        """As EventLog.read: all that was committed before the last hint, and later events that are known."""
        tail = self._tail_with(after_position)
        if tail is None:
            return await self._read(after_position, limit)
        if after_position < tail.end and tail.heard == self._log.hints_heard:
            return tail.page(after_position, limit)
        more = await self._read(tail.end, limit)
        grown = self._tail_with(after_position)
        if grown is not None and grown.read_at >= more.read_at:
            return grown.page(after_position, limit)
        # More than a page was added, or the log is another one.
        return more if tail.end == after_position else await self._read(after_position, limit)

    def _tail_with(self, position: int) -> _Tail | None:
        tail = self._tail
        if tail is None or time.monotonic() - tail.read_at > _KEPT_SECONDS:
            return None
        return tail if tail.start <= position <= tail.end else None

    async def _read(self, after_position: int, limit: int) -> PageRead:
        wanted = after_position, limit, self._log.hints_heard
        if self._reading is None or self._reading[:3] != wanted:
            # Whoever asked for it may give it up; others wait for it too.
            reading = asyncio.create_task(self._read_anew(*wanted))
            reading.add_done_callback(self._finished)
            self._reading = *wanted, reading
        return await asyncio.shield(self._reading[3])

    async def _read_anew(self, after_position: int, limit: int, heard: int) -> PageRead:
        read_at = time.monotonic()
        page = await self._log.read(after_position, limit=limit)
        if after_position + len(page.events) == page.head:
            self._keep(after_position, page, read_at, heard)
        elif self._tail is not None and self._tail.epoch != page.epoch:
            self._tail = None
        return PageRead(read_at, page)

    def _keep(self, after_position: int, page: LogPage, read_at: float, heard: int) -> None:
        tail = self._tail
        if tail is not None and tail.read_at > read_at:
            return
        start, anchor, events = after_position, page.anchor, page.events
        if tail is not None and _follows(tail, page, after_position):
            known = tail.events[: after_position - tail.start]
            start, anchor, events = tail.start, tail.anchor, [*known, *events]
        if len(events) > 2 * _KEPT_EVENTS:
            start, anchor = start + len(events) - _KEPT_EVENTS, events[-_KEPT_EVENTS - 1].event_id
            events = events[-_KEPT_EVENTS:]
        self._tail = _Tail(
            epoch=page.epoch, start=start, anchor=anchor, events=events, read_at=read_at, heard=heard
        )

    def _finished(self, reading: asyncio.Task[PageRead]) -> None:
        if self._reading is not None and self._reading[3] is reading:
            self._reading = None
        if not reading.cancelled():
            reading.exception()  # seen here, since who waited for it may be gone


def _follows(tail: _Tail, page: LogPage, after_position: int) -> bool:
    """Whether a page goes on somewhere in the tail, in the same history."""
    is_within = tail.epoch == page.epoch and tail.start <= after_position <= tail.end
    return is_within and (after_position == 0 or tail.id_at(after_position) == page.anchor)
