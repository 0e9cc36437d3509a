"""What other processes append between the groups of this one, for who would decide on states that are old."""

import asyncio
from collections.abc import Callable, Sequence

from event_store.arrays import Int8Array
from event_store.connections import Connections
from event_store.errors import StoreError
from event_store.events import OthersEvent
from event_store.history import History

# More than that between two groups, and this process has too small a part in the log to follow the rest.
_MOST_EVENTS = 1000

Listener = Callable[[Sequence[OthersEvent]], None]


class Others:
    """Reads, in the background, what stands in the log between this process's own groups.

    A hint of what changed, never more: what is not read is found out when an append meets it.
    """

    def __init__(self, connections: Connections, history: History) -> None:
        self._connections = connections
        self._history = history
        self._listener: Listener | None = None
        # The position of the last event of this process's last group.
        self._through: int | None = None
        self._unread: list[tuple[int, int]] = []
        self._task: asyncio.Task[None] | None = None
        history.when_replaced(self._forget)

    def follow(self, listener: Listener) -> None:
        """Have this called with what was read, oldest first."""
        self._listener = listener

    def appended(self, after: int, through: int) -> None:
        """A group of this process has the positions after one up to another."""
        before, self._through = self._through, through
        if self._listener is None or before is None or not before < after <= before + _MOST_EVENTS:
            return
        self._unread.append((before, after))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="others")

    async def close(self) -> None:
        """Finishes what is being read."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._unread:
                gaps, self._unread = self._unread, []
                await self._read(gaps)
        except StoreError:
            self._unread.clear()
        finally:
            self._task = None

    async def _read(self, gaps: Sequence[tuple[int, int]]) -> None:
        known = self._history.known()
        bounds = (Int8Array.of([gap[0] for gap in gaps]), Int8Array.of([gap[1] for gap in gaps]))
        rows = await self._connections.fetch("read_between", (*bounds, *known.parameters))
        if not rows[0][0]:
            raise self._history.replaced(known)
        self._history.read(known, None)
        if self._listener is not None:
            self._listener([OthersEvent._make(row[1:]) for row in rows if row[1] is not None])

    def _forget(self) -> None:
        self._through = None
        self._unread.clear()
