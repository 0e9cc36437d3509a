"""Folds the log into one generation of a projection: fetch, fold, apply."""

import asyncio
from collections.abc import Callable, Sequence

import failpoints
from event_store import EventLog, LogPage, LogPartition, StoredEvent
from projector.applying import BatchRefused, Sent, batch_of, end_of, send
from projector.folding import Folded, Folder
from projector.generations import HistoryChanged, continues
from projector.pages import LogPages
from projector.projection import Projection
from projector.shared_pages import SharedPages
from read_store import Batch, Checkpoint, ReadModelWriter, TallyRefused

# A document, an index or a row that changes often is written once a batch; but the store serves nobody else
# while it applies one, so more than some tens of milliseconds would be felt by readers.
BATCH_LIMIT = 4000


class EventRefused(Exception):
    """A command's events can't be folded or applied; none of them is, and they are never skipped."""


class LogGap(Exception):
    """The log answered with positions that don't follow the checkpoint."""


class Follower:
    """Takes a generation from checkpoint to checkpoint; the next page is folded while one is applied."""

    def __init__(
        self,
        projection: Projection,
        *,
        log: EventLog,
        writer: ReadModelWriter,
        applied: Callable[[Sent, bool], None] = lambda _sent, _is_paused: None,
        batch_limit: int = BATCH_LIMIT,
        partition: LogPartition | None = None,
        shared: SharedPages | None = None,
    ) -> None:
        """`applied` hears of each batch that the store has, and whether the projection is paused.

        `batch_limit`: so many events are applied at once, or one command when it has more. `partition` is the
        part of the log that is folded, None for all of it. `shared` are pages that others read, too.
        """
        self._writer = writer
        self._applied = applied
        self._folder = Folder(projection)
        self._is_whole_log = partition is None
        self._pages = LogPages(log, partition, shared)
        self._batch_limit = self._limit = batch_limit
        self._sent: Sent | None = None

    @property
    def read_at(self) -> float:
        """When the page looked at last was asked for, by time.monotonic."""
        return self._pages.read_at

    async def look(self, checkpoint: Checkpoint, *, up_to: int | None = None) -> LogPage:
        """The next page of the log behind a checkpoint, at most up to a position at which a command ends.

        Raises HistoryChanged or LogGap.
        """
        page = await self._pages.next(checkpoint.position, self._limit, up_to=up_to)
        if failpoints.is_armed:
            await failpoints.reach("page.read")
        if not continues(checkpoint, page):
            raise HistoryChanged(f"the log has another event at position {checkpoint.position}")
        if self._is_whole_log:
            # In a part of the log, a stream's versions are what tells that events are missing.
            _refuse_gap(checkpoint, page)
        return page

    def has_news(self, page: LogPage) -> bool:
        """Whether any of a page's events is of those that are folded."""
        return self._folder.reads(page.events)

    async def advance(
        self, token: int, checkpoint: Checkpoint, page: LogPage, *, looks_again: bool = False
    ) -> Checkpoint:
        """The checkpoint to go on from; it may still be on its way to the store. Raises BatchRefused.

        `looks_again` tells that `look` comes next, at once, even at the end of the log.
        """
        is_last = end_of(page).position >= page.head
        if not is_last:
            # The next page comes in while this one is folded, and is folded while this one is applied.
            self._pages.fetch_ahead(end_of(page).position, self._limit)
        await self._load(checkpoint.generation, page.events)
        folded = Folded()
        try:
            for _ in self._folder.folding(page.events, folded):
                await asyncio.sleep(0)
        except Exception as error:
            failed_at = self._folder.at
            await self.settle()
            raise BatchRefused(checkpoint, page.events, failed_at) from error
        batch = await self._ready(checkpoint, page, batch_of(checkpoint, page, folded, self.read_at))
        await self.settle()
        sent = self._sent = await send(self._writer, token, checkpoint, page, batch)
        if is_last:
            if looks_again:
                # What was committed since is read while the store applies.
                self._pages.fetch_ahead(end_of(page).position, self._limit)
            await self.settle()
        return sent.after

    async def _ready(self, checkpoint: Checkpoint, page: LogPage, batch: Batch) -> Batch:
        """Made while the store still applies the batch before, or it would wait for this one then."""
        try:
            return batch.made_ready()
        except ValueError as error:
            await self.settle()
            raise BatchRefused(checkpoint, page.events, None) from error

    async def settle(self) -> None:
        """Waits until the batch that was sent is applied; whatever follows it counts on that."""
        sent, self._sent = self._sent, None
        if sent is None:
            return
        try:
            is_paused = await sent.writing
        except TallyRefused as error:
            raise BatchRefused(sent.before, sent.page.events, None) from error
        if failpoints.is_armed:
            await failpoints.reach("apply.answered")
        self._folder.trim()
        self._limit = min(self._batch_limit, self._limit * 2)
        self._applied(sent, is_paused)

    def narrowed(self, refused: BatchRefused) -> Checkpoint:
        """Tries fewer commands, so that all before the failing one are applied; the last one left is it.

        Raises EventRefused for that one.
        """
        self._folder.clear()
        if refused.has_many_commands:
            self._limit = len(refused.events) // 2
            return refused.checkpoint
        # An error's own text may hold what the event holds, so only its type is told.
        raise EventRefused(f"{refused.place}: {type(refused.__cause__).__name__}") from refused.__cause__

    async def give_up(self) -> None:
        """Forgets what is under way: a batch that was sent may have been applied, a page be outdated."""
        self._folder.clear()
        await self._pages.close()
        sent, self._sent = self._sent, None
        if sent is not None:
            await sent.given_up()

    async def close(self) -> None:
        """Gives up what is under way."""
        await self.give_up()

    async def _load(self, generation: int, events: Sequence[StoredEvent]) -> None:
        missing = self._folder.missing(events)
        if missing:
            found = await self._writer.documents(generation, missing)
            for (view, ids), documents in zip(missing, found, strict=True):
                self._folder.load(view, zip(ids, documents, strict=True))


def _refuse_gap(checkpoint: Checkpoint, page: LogPage) -> None:
    if page.events:
        first, last = page.events[0].position, page.events[-1].position
        if first != checkpoint.position + 1 or last - first + 1 != len(page.events):
            raise LogGap(f"after position {checkpoint.position} came {first} to {last}")
