"""Pages of the log, the next one fetched while the last one is being applied."""

import asyncio
import contextlib

from event_store import EventLog, LogPage


class LogPages:
    """Fetches ahead by one page; a page fetched for another place is dropped."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._ahead: tuple[int, int, asyncio.Task[LogPage]] | None = None

    def fetch_ahead(self, after_position: int, limit: int) -> None:
        """Starts to fetch the page that will be asked for next."""
        self._ahead = (
            after_position,
            limit,
            asyncio.create_task(self._log.read(after_position, limit=limit)),
        )

    async def next(self, after_position: int, limit: int) -> LogPage:
        """The page after a position."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[:2] == (after_position, limit):
            return await ahead[2]
        await _dropped(ahead)
        return await self._log.read(after_position, limit=limit)

    async def close(self) -> None:
        """Drops what was fetched ahead."""
        ahead, self._ahead = self._ahead, None
        await _dropped(ahead)


async def _dropped(ahead: tuple[int, int, asyncio.Task[LogPage]] | None) -> None:
    if ahead is None:
        return
    ahead[2].cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await ahead[2]
