"""The whole log, read in order: for projectors, subscribers and whoever copies it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from event_store.arrays import Int8, TextArray
from event_store.connections import Connections
from event_store.events import DescriptorSet, LogHead, LogPage, LogPartition, PageBound, StoredEvent
from event_store.hints import Hints, Listener
from event_store.prepared import Row

# A filtered page looks through so many positions at most: some milliseconds of work.
FILTERED_WINDOW = 20_000
_BEFORE_EVENT = 3
# A position that no log comes to.
_NO_BOUND = 2**63 - 1
_BEFORE_PARTITION_EVENT = 6


class EventLog:
    """Reads the log; needs the projector role. Every method raises StoreUnavailable and may be repeated."""

    def __init__(self, url: str, *, connections: int = 2) -> None:
        self._connections = Connections(
            url, name="diptych event log", pooled=connections, statement_seconds=15, lock_seconds=3
        )
        self._listener = Listener(self._connections)

    async def open(self) -> None:
        """Nothing to wait for: connections are made when they are needed, so the database may come later."""

    async def close(self) -> None:
        """Finishes what is on its way and closes all connections."""
        await self._listener.close()
        await self._connections.close()

    async def read(
        self,
        after_position: int,
        *,
        limit: int = 1000,
        categories: Sequence[str] = (),
        types: Sequence[str] = (),
        correlation_id: str | None = None,
    ) -> LogPage:
        """The events after a position, in order, with the log's head and anchor at the same moment.

        Positions have no gaps and follow commit order, so nothing can appear later below a position that
        was read. With filters a page may be empty and yet not the last: go on after its `through`.
        """
        if not (categories or types or correlation_id is not None):
            rows = await self._connections.repeat("read_log", (Int8.of(after_position), Int8.of(limit)))
            return _page(rows, limit, after_position)
        filters = (FILTERED_WINDOW, TextArray.of(categories), TextArray.of(types), correlation_id)
        rows = await self._connections.fetch("read_log_filtered", (after_position, limit, *filters))
        return _page(rows, limit, after_position, FILTERED_WINDOW)

    async def read_partition(
        self, after_position: int, partition: LogPartition, *, limit: int = 1000, up_to: int | None = None
    ) -> LogPage:
        """The events of a partition's streams after a position, in order; `up_to` is where a command ends.

        Nothing of other streams is fetched, yet the page leads past them: it goes on after its `end`, with
        which a command ends or, where the limit cut the page, this partition's part of one may go on.
        """
        window = FILTERED_WINDOW
        while True:
            bounds = window, _NO_BOUND if up_to is None else up_to
            parameters = [Int8.of(each) for each in (after_position, limit, *partition, *bounds)]
            rows = await self._connections.repeat("read_log_partition", parameters)
            page = _partition_page(rows, limit, after_position)
            if page.end is not None or page.head <= after_position:
                return page
            # One command alone is larger than the window.
            window *= 2

    async def head(self) -> LogHead:
        """Where the log ends now."""
        return LogHead._make((await self._connections.fetch("read_head"))[0])

    def hints(self) -> AbstractAsyncContextManager[Hints]:
        """Hints that the log has grown; all followers of a process share one connection for them."""
        return self._listener.hints()

    @property
    def hints_heard(self) -> int:
        """How many hints have come: what was read from before the last one on may lack what that tells of."""
        return self._listener.heard

    async def past_epochs(self) -> dict[UUID, int]:
        """The epochs that are over, with the last position that each has in common with the next."""
        rows = await self._connections.fetch("read_past_epochs")
        return dict(rows)

    async def descriptor_sets(self) -> list[DescriptorSet]:
        """Everything that explains the payloads, oldest first."""
        rows = await self._connections.fetch("read_descriptor_sets")
        return [
            DescriptorSet(hash=digest, content=content, types=tuple(names)) for digest, content, names in rows
        ]


def _page(rows: Sequence[Row], limit: int, after_position: int, window: int | None = None) -> LogPage:
    epoch: UUID = rows[0][0]
    head: int = rows[0][1]
    anchor: UUID | None = rows[0][2]
    events = _events(rows, _BEFORE_EVENT)
    if len(events) == limit:
        through = events[-1].position
    else:
        # Nothing more was found up to the head, or up to the end of the window.
        through = max(after_position, head if window is None else min(head, after_position + window))
    return LogPage(epoch=epoch, head=head, events=events, anchor=anchor, through=through)


def _partition_page(rows: Sequence[Row], limit: int, after_position: int) -> LogPage:
    epoch, head, anchor = rows[0][:_BEFORE_EVENT]
    events = _events(rows, _BEFORE_PARTITION_EVENT)
    bound: PageBound | None = None
    if len(events) == limit:
        through = events[-1].position
    else:
        found = PageBound._make(rows[0][_BEFORE_EVENT:_BEFORE_PARTITION_EVENT])
        bound = None if found.position is None else found
        through = after_position if bound is None else bound.position
    return LogPage(epoch=epoch, head=head, events=events, anchor=anchor, through=through, bound=bound)


def _events(rows: Sequence[Row], start: int) -> list[StoredEvent]:
    return [StoredEvent._make(row[start:]) for row in rows if row[start] is not None]
