"""Pages of the log in whole commands, the next one fetched while the last one is being applied."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace

from event_store import EventLog, LogPage, LogPartition, StoredEvent
from projector.shared_pages import PageRead, SharedPages


class LogPages:
    """Fetches ahead by one page; a page fetched for another place is dropped."""

    def __init__(
        self, log: EventLog, partition: LogPartition | None = None, shared: SharedPages | None = None
    ) -> None:
        """Of all events, or of those of one partition of the log; only the former can be shared."""
        self._log = log
        self._partition = partition
        self._shared = shared if partition is None else None
        self._ahead: tuple[int, int, asyncio.Task[PageRead]] | None = None
        # When the page answered last was asked for, by time.monotonic: what it says is as of then.
        self.read_at = time.monotonic()

    def fetch_ahead(self, after_position: int, limit: int) -> None:
        """Starts to fetch the page that will be asked for next."""
        reading = asyncio.create_task(self._read(after_position, limit))
        self._ahead = after_position, limit, reading

    async def next(self, after_position: int, limit: int, *, up_to: int | None = None) -> LogPage:
        """The page after a position: as many whole commands as the limit of events allows, at least one.

        `up_to` is a position at which a command ends, and the last one that may be on the page.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[:2] == (after_position, limit) and up_to is None:
            read = await ahead[2]
        else:
            await _dropped(ahead)
            read = await self._read(after_position, limit, up_to)
        self.read_at = read.read_at
        return read.page

    async def close(self) -> None:
        """Drops what was fetched ahead."""
        ahead, self._ahead = self._ahead, None
        await _dropped(ahead)

    async def _read(self, after_position: int, limit: int, up_to: int | None = None) -> PageRead:
        if self._partition is None and up_to is not None:
            limit = min(limit, up_to - after_position)
        # One more than wanted tells whether the command of the last one goes on.
        read = await self._fetch(after_position, limit + 1, up_to)
        if len(read.page.events) <= limit:
            return read
        events = whole_commands(read.page.events)
        if not events:
            return await self._read_command(after_position, limit * 2, up_to)
        return _cut(read, events)

    async def _read_command(self, after_position: int, limit: int, up_to: int | None) -> PageRead:
        while True:
            read = await self._fetch(after_position, limit + 1, up_to)
            # Of that one command alone, or the search for a failing command would not come to an end.
            first = read.page.events[0].command_id
            events = [event for event in read.page.events if event.command_id == first]
            if len(events) <= limit:
                return _cut(read, events)
            limit *= 2

    async def _fetch(self, after_position: int, limit: int, up_to: int | None) -> PageRead:
        if self._shared is not None:
            return await self._shared.read(after_position, limit)
        read_at = time.monotonic()
        if self._partition is None:
            return PageRead(read_at, await self._log.read(after_position, limit=limit))
        page = await self._log.read_partition(after_position, self._partition, limit=limit, up_to=up_to)
        return PageRead(read_at, page)


def _cut(read: PageRead, events: Sequence[StoredEvent]) -> PageRead:
    page = replace(read.page, events=events, through=events[-1].position, bound=None)
    return PageRead(read.read_at, page)


def whole_commands(events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
    """The events before those of the last command, which may go on behind the page's end.

    A command's events stand together in the log, since they are appended in one step.
    """
    last, end = events[-1].command_id, len(events)
    while end > 0 and events[end - 1].command_id == last:
        end -= 1
    return events[:end]


async def _dropped(ahead: tuple[int, int, asyncio.Task[PageRead]] | None) -> None:
    if ahead is None:
        return
    ahead[2].cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await ahead[2]
