"""Follows the log for one projection: lease, fetch, fold, apply, again."""

import asyncio
import contextlib
from collections.abc import Sequence
from enum import Enum
from uuid import UUID

import failpoints
from event_store import EventLog, Hints, LogPage, StoredEvent, StoreError
from projector.applying import BatchRefused, Sent, send
from projector.folding import Folder, VersionGap
from projector.generations import HistoryChanged, continues, current_generation, drop_old_generations
from projector.healing import Healing
from projector.metrics import ProjectionMetrics, process_metrics
from projector.pages import LogPages
from projector.projection import Projection
from projector.scrubbing import ROWS_PER_SECOND, Scrubber
from read_store import (
    Checkpoint,
    CheckpointMoved,
    Fenced,
    HeadAnswers,
    ReadModelDamaged,
    ReadModelWriter,
    ReadStoreUnavailable,
    TallyRefused,
)
from service_kit.log import logger, where_from

LEASE_SECONDS = 5.0
BATCH_LIMIT = 1000
# Also how often the log is asked without a hint, and how often readers hear that the projector lives.
_BEAT_SECONDS = 1.0
_FIRST_RETRY_SECONDS = 0.1
_LAST_RETRY_SECONDS = 5.0


class RunnerStatus(Enum):
    """What a runner is doing; the names are those of the contract."""

    RUNNING = "follows the log"
    REBUILDING = "fills a new generation"
    PAUSED = "was paused by an operator"
    STOPPED = "is another process's stand-by"
    ERROR = "tries again"


class EventRefused(Exception):
    """A command's events can't be folded or applied; none of them is, and they are never skipped."""


class LogGap(Exception):
    """The log answered with positions that don't follow the checkpoint."""


class Runner:
    """Runs one partition of a projection until it is cancelled; survives both stores' absence."""

    def __init__(
        self,
        projection: Projection,
        *,
        log: EventLog,
        writer: ReadModelWriter,
        answers: HeadAnswers,
        holder: str,
        metrics: ProjectionMetrics | None = None,
        batch_limit: int = BATCH_LIMIT,
        lease_seconds: float = LEASE_SECONDS,
        scrubbed_rows_per_second: float = ROWS_PER_SECOND,
    ) -> None:
        """`holder` names this process for the lease: it must be its own, and stay the same over restarts.

        `batch_limit`: so many events are applied at once, or one command when it has more.
        """
        self.projection = projection
        self.writer = writer
        self.status = RunnerStatus.STOPPED
        self.last_error = ""
        self._log = log
        self._answers = answers
        self._holder = holder
        self._metrics = metrics or process_metrics()
        self._folder = Folder(projection)
        self._pages = LogPages(log)
        self._batch_limit = self._limit = batch_limit
        self._lease_seconds = lease_seconds
        self._beat_seconds = min(_BEAT_SECONDS, lease_seconds / 5)
        self._sent: Sent | None = None
        self._is_paused = False
        self._is_rebuilding = False
        self._resumed = asyncio.Event()
        self._retry_seconds = _FIRST_RETRY_SECONDS
        self._scrubber = Scrubber(projection, writer, answers, rows_per_second=scrubbed_rows_per_second)
        self._healing = Healing()

    async def run(self) -> None:
        """Runs until cancelled."""
        answering = asyncio.create_task(self._answer_asks())
        try:
            while True:
                try:
                    await self._lead()
                except Exception as error:  # noqa: BLE001 - no error may end the following unseen
                    self._failed(error)
                await asyncio.sleep(max(self._retry_seconds, self._healing.pause_seconds))
                self._retry_seconds = min(self._retry_seconds * 2, _LAST_RETRY_SECONDS)
        finally:
            answering.cancel()
            await self._pages.close()

    async def set_paused(self, is_paused: bool) -> None:
        """Pauses or resumes, here at once and in other processes within a second."""
        await self.writer.set_paused(is_paused)
        self._is_paused = is_paused
        self._resumed.set()

    async def _lead(self) -> None:
        token = await self.writer.acquire_lease(self._holder, self._lease_seconds)
        if token is None:
            self.status, self._retry_seconds = RunnerStatus.STOPPED, _FIRST_RETRY_SECONDS
            return
        dropping: asyncio.Task[None] | None = None
        try:
            if failpoints.is_armed:
                await failpoints.reach("lease.granted")
            self._is_paused = await self.writer.is_paused()
            checkpoint = await current_generation(
                self.projection, self._log, self.writer, token, damage=self._healing.take()
            )
            self._is_rebuilding = checkpoint.is_rebuilding
            if self._is_rebuilding and not self.last_error:
                self.status = RunnerStatus.REBUILDING
            dropping = asyncio.create_task(drop_old_generations(self.writer))
            async with self._log.hints() as hints:
                await self._follow(token, checkpoint, hints)
        finally:
            self._folder.clear()
            if dropping is not None:
                dropping.cancel()
            await self._healing.stop()
            if self._sent is not None:
                await self._sent.given_up()
                self._sent = None
            with contextlib.suppress(ReadStoreUnavailable):
                await self.writer.release_lease(token)

    async def _follow(self, token: int, checkpoint: Checkpoint, hints: Hints) -> None:
        loop = asyncio.get_running_loop()
        renew_at = loop.time()
        while True:
            if loop.time() >= renew_at:
                if failpoints.is_armed:
                    await failpoints.reach("lease.before_renew")
                await self._renew(token)
                renew_at = loop.time() + self._beat_seconds
            if not self._is_paused and not self._is_rebuilding:
                self._healing.watch(self._scrubber)
            try:
                checkpoint = await self._step(token, checkpoint, hints)
            except BatchRefused as refused:
                # Without the lease, what was read is another projector's work, and no sign of damage.
                await self._renew(token)
                checkpoint = self._narrowed(refused)

    async def _renew(self, token: int) -> None:
        if not await self.writer.renew_lease(token, self._lease_seconds):
            raise Fenced("the lease went to another projector")

    async def _step(self, token: int, checkpoint: Checkpoint, hints: Hints) -> Checkpoint:
        page = await self._pages.next(checkpoint.position, self._limit)
        if failpoints.is_armed:
            await failpoints.reach("page.read")
        _check_history(checkpoint, page)
        if page.events and not self._is_paused:
            return await self._advance(token, checkpoint, page)
        await self._settle()
        await self._idle(token, checkpoint, page.head, hints)
        return checkpoint

    async def _idle(self, token: int, checkpoint: Checkpoint, head: int, hints: Hints) -> None:
        if failpoints.is_armed:
            await failpoints.reach("beat.before_send")
        self._is_paused = await self.writer.heartbeat(token, checkpoint, head)
        self._succeeded(checkpoint, head)
        if not self._is_paused:
            await hints.wait(self._beat_seconds)
            return
        self._resumed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._beat_seconds):
                await self._resumed.wait()

    async def _advance(self, token: int, checkpoint: Checkpoint, page: LogPage) -> Checkpoint:
        """The checkpoint to go on from; it may still be on its way to the store."""
        await self._load(checkpoint.generation, page.events)
        try:
            folded = self._folder.fold(page.events)
        except Exception as error:
            failed_at = self._folder.at
            await self._settle()
            raise BatchRefused(checkpoint, page.events, failed_at) from error
        await self._settle()
        sent = self._sent = await send(self.writer, token, checkpoint, page, folded)
        if sent.is_last:
            await self._settle()
        else:
            # The next page is fetched and folded while this one is applied.
            self._pages.fetch_ahead(sent.after.position, self._limit)
        return sent.after

    async def _settle(self) -> None:
        """Waits until the batch that was sent is applied; whatever follows it counts on that."""
        sent, self._sent = self._sent, None
        if sent is None:
            return
        try:
            self._is_paused = await sent.writing
        except (TallyRefused, ValueError) as error:
            raise BatchRefused(sent.before, sent.page.events, None) from error
        if failpoints.is_armed:
            await failpoints.reach("apply.answered")
        self._folder.trim()
        self._limit = min(self._batch_limit, self._limit * 2)
        self._metrics.applied(self.projection.name, sent.events)
        self._succeeded(sent.after, sent.page.head)

    async def _load(self, generation: int, events: Sequence[StoredEvent]) -> None:
        missing = self._folder.missing(events)
        if missing:
            found = await self.writer.documents(generation, missing)
            for (view, ids), documents in zip(missing, found, strict=True):
                self._folder.load(view, zip(ids, documents, strict=True))

    def _narrowed(self, refused: BatchRefused) -> Checkpoint:
        """Tries fewer commands, so that all before the failing one are applied; the last one left is it."""
        self._folder.clear()
        if refused.has_many_commands:
            self._limit = len(refused.events) // 2
            return refused.checkpoint
        if isinstance(refused.__cause__, VersionGap) and self._healing.is_worth_a_try(refused.place):
            raise ReadModelDamaged("gap", refused.place)
        # An error's own text may hold what the event holds, so only its type is told.
        raise EventRefused(f"{refused.place}: {type(refused.__cause__).__name__}") from refused.__cause__

    def _succeeded(self, checkpoint: Checkpoint, head: int) -> None:
        self._retry_seconds = _FIRST_RETRY_SECONDS
        self._is_rebuilding = self._is_rebuilding and checkpoint.position < head
        # Why a read model is built anew stays to be seen until it is.
        self.last_error = self._healing.reason if self._is_rebuilding else ""
        self._metrics.seen(self.projection.name, checkpoint.position, head)
        if self._is_paused:
            self.status = RunnerStatus.PAUSED
        else:
            self.status = RunnerStatus.REBUILDING if self._is_rebuilding else RunnerStatus.RUNNING

    def _failed(self, error: Exception) -> None:
        self.status = RunnerStatus.ERROR
        own_words = isinstance(error, _TELLING)
        self.last_error = f"{type(error).__name__}: {error}" if own_words else type(error).__name__
        self._metrics.failed(self.projection.name)
        if isinstance(error, ReadModelDamaged):
            self._healing.begin(error, self.last_error)
        logger().error(
            "projection_failed",
            projection=self.projection.name,
            reason=self.last_error,
            **where_from(error),
        )

    async def _answer_asks(self) -> None:
        while True:
            with contextlib.suppress(StoreError, ReadStoreUnavailable):
                await self._answers.run(self._head)

    async def _head(self) -> tuple[UUID, int]:
        head = await self._log.head()
        if failpoints.is_armed:
            await failpoints.reach("head.before_answer")
        return head.epoch, head.position


# Errors whose text is made of names, ids and positions only.
_TELLING = (
    *(EventRefused, HistoryChanged, LogGap, Fenced, CheckpointMoved, ReadModelDamaged),
    *(StoreError, ReadStoreUnavailable),
)


def _check_history(checkpoint: Checkpoint, page: LogPage) -> None:
    if not continues(checkpoint, page):
        raise HistoryChanged(f"the log has another event at position {checkpoint.position}")
    if page.events:
        first, last = page.events[0].position, page.events[-1].position
        if first != checkpoint.position + 1 or last - first + 1 != len(page.events):
            raise LogGap(f"after position {checkpoint.position} came {first} to {last}")
