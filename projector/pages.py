"""Pages of the log in whole commands, the next one fetched while the last one is being applied."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace

from event_store import EventLog, LogPage, LogPartition, StoredEvent


class LogPages:
    """Fetches ahead by one page; a page fetched for another place is dropped."""

    def __init__(self, log: EventLog, partition: LogPartition | None = None) -> None:
        """Of all events, or of those of one partition of the log."""
        self._log = log
        self._partition = partition
        self._ahead: tuple[int, int, float, asyncio.Task[LogPage]] | None = None
        # When the page answered last was asked for, by time.monotonic: what it says is as of then.
        self.read_at = time.monotonic()

    def fetch_ahead(self, after_position: int, limit: int) -> None:
        """Starts to fetch the page that will be asked for next."""
        reading = asyncio.create_task(self._read(after_position, limit))
        self._ahead = after_position, limit, time.monotonic(), reading

    async def next(self, after_position: int, limit: int, *, up_to: int | None = None) -> LogPage:
        """The page after a position: as many whole commands as the limit of events allows, at least one.

        `up_to` is a position at which a command ends, and the last one that may be on the page.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[:2] == (after_position, limit) and up_to is None:
            self.read_at = ahead[2]
            return await ahead[3]
        await _dropped(ahead)
        self.read_at = time.monotonic()
        return await self._read(after_position, limit, up_to)

    async def close(self) -> None:
        """Drops what was fetched ahead."""
        ahead, self._ahead = self._ahead, None
        await _dropped(ahead)

    async def _read(self, after_position: int, limit: int, up_to: int | None = None) -> LogPage:
        if self._partition is None and up_to is not None:
            limit = min(limit, up_to - after_position)
        # One more than wanted tells whether the command of the last one goes on.
        page = await self._fetch(after_position, limit + 1, up_to)
        if len(page.events) <= limit:
            return page
        events = whole_commands(page.events)
        if not events:
            return await self._read_command(after_position, limit * 2, up_to)
        return _cut(page, events)

    async def _read_command(self, after_position: int, limit: int, up_to: int | None) -> LogPage:
        while True:
            page = await self._fetch(after_position, limit + 1, up_to)
            # Of that one command alone, or the search for a failing command would not come to an end.
            first = page.events[0].command_id
            events = [event for event in page.events if event.command_id == first]
            if len(events) <= limit:
                return _cut(page, events)
            limit *= 2

    async def _fetch(self, after_position: int, limit: int, up_to: int | None) -> LogPage:
        if self._partition is None:
            return await self._log.read(after_position, limit=limit)
        return await self._log.read_partition(after_position, self._partition, limit=limit, up_to=up_to)


def _cut(page: LogPage, events: Sequence[StoredEvent]) -> LogPage:
    return replace(page, events=events, through=events[-1].position, bound=None)


def whole_commands(events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
    """The events before those of the last command, which may go on behind the page's end.

    A command's events stand together in the log, since they are appended in one step.
    """
    last, end = events[-1].command_id, len(events)
    while end > 0 and events[end - 1].command_id == last:
        end -= 1
    return events[:end]


async def _dropped(ahead: tuple[int, int, float, asyncio.Task[LogPage]] | None) -> None:
    if ahead is None:
        return
    ahead[3].cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await ahead[3]
