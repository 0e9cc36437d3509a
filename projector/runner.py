"""Follows the log for one projection: lease, fetch, fold, apply, again."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from enum import Enum

import failpoints
from event_store import EventLog, Hints, LogPage, LogPartition
from projector.applying import BatchRefused, Sent
from projector.asks import answer_asks
from projector.failures import told_of
from projector.folding import VersionGap
from projector.follower import BATCH_LIMIT, EventRefused, Follower
from projector.generations import current_generation, drop_old_generations
from projector.healing import Healing
from projector.hold import Hold
from projector.metrics import ProjectionMetrics, process_metrics
from projector.pace import Pace
from projector.projection import Projection
from projector.rebuilding import Rebuilding
from projector.resting import Resting
from projector.scrubbing import Scrubber
from projector.shared_pages import SharedPages
from read_store import (
    Checkpoint,
    Fenced,
    FillingState,
    HeadAnswers,
    KeptGenerations,
    ReadModelDamaged,
    ReadModelWriter,
    ReadStoreUnavailable,
    partition_names,
)
from service_kit.log import logger, where_from

LEASE_SECONDS = 5.0
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
        pace: Pace | None = None,
        partition: LogPartition | None = None,
        is_ours: Callable[[], bool] = lambda: True,
        siblings: Sequence[ReadModelWriter] = (),
        shared: SharedPages | None = None,
    ) -> None:
        """`holder` names this process for the lease: it must be its own, and stay the same over restarts.

        `batch_limit` is the Follower's. `is_ours` tells whether this process should have the lease now.
        `siblings` are Rebuilding's, `pace` is the Scrubber's, `shared` is the Follower's.
        """
        self.projection = projection
        self.writer, self.log = writer, log
        self.partition = partition or LogPartition(0, 1)
        self.name = partition_names(projection.name, self.partition.of)[self.partition.number]
        self.status, self.last_error = RunnerStatus.STOPPED, ""
        self._answers = answers
        self.holder = holder
        self._is_ours = is_ours
        self._metrics = metrics or process_metrics()
        self._lease_seconds = lease_seconds
        self._beat_seconds = min(_BEAT_SECONDS, lease_seconds / 5)
        self._is_paused = False
        self._is_rebuilding = False
        self._resumed = asyncio.Event()
        self._retry_seconds = _FIRST_RETRY_SECONDS
        self._scrubber = Scrubber(projection, writer, answers, pace or Pace())
        self._healing = Healing()
        self._follower = Follower(
            projection,
            log=log,
            writer=writer,
            applied=self._applied,
            batch_limit=batch_limit,
            partition=partition,
            shared=shared,
        )
        self._resting = Resting(self._beat_seconds)
        self._kept: KeptGenerations | None = None
        self._hold = Hold()
        self._rebuilding = Rebuilding(
            projection,
            log=log,
            writer=writer,
            hold=self._hold,
            batch_limit=batch_limit,
            beat_seconds=self._beat_seconds,
            partition=partition,
            siblings=siblings,
        )

    async def run(self) -> None:
        """Runs until cancelled."""
        answering = asyncio.create_task(answer_asks(self._answers, self.log, self._resting.want))
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
            await self._follower.close()

    async def set_paused(self, is_paused: bool) -> None:
        """Pauses or resumes, here at once and in other processes within a second."""
        await self.writer.set_paused(is_paused)
        self._is_paused = is_paused
        self._resumed.set()

    async def _lead(self) -> None:
        token = None
        if self._is_ours():
            token = await self.writer.acquire_lease(self.holder, self._lease_seconds)
        if token is None:
            self.status, self._retry_seconds = RunnerStatus.STOPPED, _FIRST_RETRY_SECONDS
            return
        try:
            if failpoints.is_armed:
                await failpoints.reach("lease.granted")
            self._is_paused = await self.writer.is_paused()
            async with self.log.hints() as hints:
                while self._is_ours():
                    await self._serve(token, hints)
        finally:
            with contextlib.suppress(ReadStoreUnavailable):
                await self.writer.release_lease(token)

    async def _serve(self, token: int, hints: Hints) -> None:
        """Follows the log for the generation that is live now, until another one is."""
        dropping: asyncio.Task[None] | None = None
        try:
            checkpoint = await current_generation(
                self.projection, self.log, self.writer, token, damage=self._healing.take()
            )
            self._is_rebuilding = checkpoint.is_rebuilding
            self._scrubber.knows_places = checkpoint.version == self.projection.version
            if self._is_rebuilding and not self.last_error:
                self.status = RunnerStatus.REBUILDING
            dropping = asyncio.create_task(drop_old_generations(self.writer))
            await self._follow(token, checkpoint, hints)
        finally:
            if dropping is not None:
                dropping.cancel()
            await self._rebuilding.stop()
            await self._healing.stop()
            await self._follower.give_up()

    async def _follow(self, token: int, checkpoint: Checkpoint, hints: Hints) -> None:
        loop = asyncio.get_running_loop()
        self._renew_at = loop.time()
        self._resting.begin(hints)
        while True:
            if loop.time() >= self._renew_at:
                await self._renew(token)
                self._kept = await self.writer.generations.kept()
                if self._kept.live != checkpoint.generation or not self._is_ours():
                    return
                await self._rebuilding.go_on(token, self._kept, is_paused=self._is_paused)
                self._renew_at = loop.time() + self._beat_seconds
            if not self._is_paused and not self._is_rebuilding:
                self._healing.watch(self._scrubber)
            try:
                checkpoint = await self._step(token, checkpoint, hints)
            except BatchRefused as refused:
                # Without the lease, what was read is another projector's work, and no sign of damage.
                await self._renew(token)
                checkpoint = self._narrowed(refused)

    async def _renew(self, token: int) -> None:
        if failpoints.is_armed:
            await failpoints.reach("lease.before_renew")
        if not await self.writer.renew_lease(token, self._lease_seconds):
            raise Fenced("the lease went to another projector")

    async def _step(self, token: int, checkpoint: Checkpoint, hints: Hints) -> Checkpoint:
        page = await self._follower.look(checkpoint)
        can_fold = not self._is_paused and checkpoint.version == self.projection.version
        if page.end is not None and can_fold and not self._hold.is_wanted_at(checkpoint):
            return await self._advance(token, checkpoint, page, hints)
        await self._follower.settle()
        if self._resting.is_beat_due(checkpoint, page.head):
            await self._beat(token, checkpoint, page.head)
        if (not can_fold or self._hold.is_wanted_at(checkpoint)) and self._hold.stand(checkpoint):
            if await self._hold.released(self._beat_seconds):
                # Readers may see another generation now.
                self._renew_at = 0.0
        elif self._is_paused:
            await self._wait_for_resumption()
        else:
            await hints.wait(self._resting.seconds_to_beat())
        return checkpoint

    async def _advance(self, token: int, checkpoint: Checkpoint, page: LogPage, hints: Hints) -> Checkpoint:
        if self.partition.of > 1 or self._is_rebuilding or self._follower.has_news(page):
            self._resting.advanced()
            return await self._follower.advance(token, checkpoint, page, looks_again=True)
        if (seconds := self._resting.seconds_to_rest(checkpoint, page)) > 0:
            await self._follower.settle()
            await hints.wait(seconds)
            return checkpoint
        self._resting.advanced()
        looks_again = page.through < page.head or self._resting.is_wanted_after(page.through)
        checkpoint = await self._follower.advance(token, checkpoint, page, looks_again=looks_again)
        if not looks_again:
            await hints.wait(self._resting.seconds_to_beat())
        return checkpoint

    async def _beat(self, token: int, checkpoint: Checkpoint, head: int) -> None:
        if failpoints.is_armed:
            await failpoints.reach("beat.before_send")
        read_at = self._follower.read_at
        self._is_paused = await self.writer.heartbeat(token, checkpoint, head, head_read_at=read_at)
        self._resting.beaten(read_at)
        self._succeeded(checkpoint, head)

    async def _wait_for_resumption(self) -> None:
        self._resumed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._beat_seconds):
                await self._resumed.wait()

    def _applied(self, sent: Sent, is_paused: bool) -> None:
        self._is_paused = is_paused
        self._metrics.applied(self.name, sent.events)
        if sent.after.position >= sent.page.head:
            self._resting.beaten(sent.read_at)
        self._succeeded(sent.after, sent.page.head)

    def _narrowed(self, refused: BatchRefused) -> Checkpoint:
        try:
            return self._follower.narrowed(refused)
        except EventRefused:
            if isinstance(refused.__cause__, VersionGap) and self._healing.is_worth_a_try(refused.place):
                raise ReadModelDamaged("gap", refused.place) from refused
            raise

    def _succeeded(self, checkpoint: Checkpoint, head: int) -> None:
        self._retry_seconds = _FIRST_RETRY_SECONDS
        self._is_rebuilding = self._is_rebuilding and checkpoint.position < head
        # Why a read model is built anew stays to be seen until it is.
        self.last_error = self._healing.reason if self._is_rebuilding else ""
        self._metrics.seen(self.name, checkpoint.position, head)
        self._scrubber.saw(checkpoint)
        self.status = self._status_at(checkpoint)

    def _status_at(self, checkpoint: Checkpoint) -> RunnerStatus:
        kept = self._kept
        if self._is_paused:
            return RunnerStatus.PAUSED
        if kept is not None and kept.filling and kept.state is FillingState.FAILED:
            self.last_error = f"generation {kept.filling}: {kept.finding}"
            return RunnerStatus.ERROR
        if self._is_rebuilding or (kept is not None and kept.filling and not kept.state.is_waiting):
            return RunnerStatus.REBUILDING
        is_ours = checkpoint.version == self.projection.version
        return RunnerStatus.RUNNING if is_ours else RunnerStatus.STOPPED

    def _failed(self, error: Exception) -> None:
        self.status = RunnerStatus.ERROR
        self.last_error = told_of(error)
        self._metrics.failed(self.name)
        if isinstance(error, ReadModelDamaged):
            self._healing.begin(error, self.last_error)
        logger().error(
            "projection_failed",
            projection=self.name,
            reason=self.last_error,
            **where_from(error),
        )
