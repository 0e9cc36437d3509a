"""Fills a generation beside the live one, holds it against that, and lets it take its place."""

import asyncio
import contextlib
from collections.abc import Sequence

import failpoints
from event_store import EventLog, Hints, LogPartition, StoreError
from projector.applying import BatchRefused
from projector.comparing import difference
from projector.follower import EventRefused, Follower
from projector.generations import drop_old_generations, open_beside, whole_checkpoint
from projector.hold import Hold
from projector.projection import Projection
from read_store import (
    Checkpoint,
    Fenced,
    FillingState,
    KeptGenerations,
    ReadModelDamaged,
    ReadModelWriter,
    ReadStoreUnavailable,
)
from service_kit.log import logger, where_from

_FIRST_RETRY_SECONDS = 0.1
_LAST_RETRY_SECONDS = 5.0
# Told of a generation that could be switched to, while those of other partitions could not.
_WAITS = "it waits for the other partitions"


class Rebuilding:
    """Works for as long as this process has the lease. What has been filled is in the store, so that whoever
    has the lease next goes on from there.
    """

    def __init__(
        self,
        projection: Projection,
        *,
        log: EventLog,
        writer: ReadModelWriter,
        hold: Hold,
        batch_limit: int,
        beat_seconds: float,
        partition: LogPartition | None = None,
        siblings: Sequence[ReadModelWriter] = (),
    ) -> None:
        """`siblings` are the writers of the projection's other partitions."""
        self._projection = projection
        self._log = log
        self._writer = writer
        self._hold = hold
        self._batch_limit = batch_limit
        self._beat_seconds = beat_seconds
        self._partition = partition
        self._siblings = siblings
        self._is_paused = False
        self._kept: KeptGenerations | None = None
        self._state = FillingState.FILLING
        self._token = 0
        self._work: asyncio.Task[None] | None = None

    async def go_on(self, token: int, kept: KeptGenerations, *, is_paused: bool) -> None:
        """Fills the generation that is open beside the live one, and ends what was done for another."""
        if self._kept is None or self._kept.filling != kept.filling:
            await self.stop()
            if kept.filling:
                self._state = kept.state
                self._work = asyncio.create_task(self._run(kept.filling))
        self._token, self._kept, self._is_paused = token, kept, is_paused

    async def stop(self) -> None:
        """Ends the work, wherever it is."""
        work, self._work, self._kept = self._work, None, None
        if work is not None:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _run(self, generation: int) -> None:
        retry_seconds = _FIRST_RETRY_SECONDS
        while True:
            try:
                await self._fill(generation)
            except Fenced:
                # Whoever has the lease goes on with it.
                return
            except ReadModelDamaged as damage:
                await self._fill_another(generation, damage)
                return
            except Exception as error:  # noqa: BLE001 - no error may end the filling unseen
                await self._failed(generation, error)
            else:
                return
            await asyncio.sleep(retry_seconds)
            retry_seconds = min(retry_seconds * 2, _LAST_RETRY_SECONDS)

    async def _fill(self, generation: int) -> None:
        follower = Follower(
            self._projection,
            log=self._log,
            writer=self._writer,
            batch_limit=self._batch_limit,
            partition=self._partition,
        )
        try:
            if (await self._writer.generations.kept()).filling != generation:
                # The word that it was switched to may have got lost.
                return
            # What was given up must not lie beside two others.
            await drop_old_generations(self._writer)
            checkpoint = await whole_checkpoint(self._projection, self._writer, generation)
            async with self._log.hints() as hints:
                while checkpoint.generation > 0:
                    checkpoint = await self._fill_up(follower, checkpoint)
                    is_due = not self._is_paused and not self._state.is_waiting
                    if is_due and await self._meet(follower, checkpoint):
                        return
                    await self._rest(hints)
        finally:
            await follower.close()

    async def _rest(self, hints: Hints) -> None:
        await hints.wait(self._beat_seconds)
        if self._is_paused:
            # A hint is no reason to look again at once, and there may be many.
            await asyncio.sleep(self._beat_seconds)

    async def _fill_up(
        self, follower: Follower, checkpoint: Checkpoint, *, up_to: int | None = None
    ) -> Checkpoint:
        """Folds until the end of the log, or up to a position at which a command ends, or a pause."""
        while not self._is_paused and (up_to is None or checkpoint.position < up_to):
            try:
                page = await follower.look(checkpoint, up_to=up_to)
                before = checkpoint.position
                if page.end is not None:
                    checkpoint = await follower.advance(self._token, checkpoint, page)
                is_half = before * 2 < page.head <= checkpoint.position * 2
                if failpoints.is_armed and is_half:
                    await failpoints.reach("rebuild.half")
                if checkpoint.position >= page.head:
                    await follower.settle()
                    await self._writer.heartbeat(
                        self._token, checkpoint, page.head, head_read_at=follower.read_at
                    )
                    return checkpoint
            except BatchRefused as refused:
                checkpoint = follower.narrowed(refused)
        try:
            await follower.settle()
        except BatchRefused as refused:
            return follower.narrowed(refused)
        return checkpoint

    async def _meet(self, follower: Follower, checkpoint: Checkpoint) -> bool:
        """Holds both generations against each other at one position; whether readers see the new one now."""
        generation = checkpoint.generation
        await self._note(generation, FillingState.COMPARING)
        if failpoints.is_armed:
            await failpoints.reach("rebuild.before_compare")
        async with self._hold.standing(checkpoint.position) as live:
            if live.version == checkpoint.version:
                checkpoint = await self._fill_up(follower, checkpoint, up_to=live.position)
                if checkpoint.position != live.position:
                    # Paused, or sent back to look for an event that can't be folded.
                    return False
            finding = await difference(
                self._projection,
                self._writer,
                await self._writer.checkpoint(),
                await self._writer.generations.checkpoint(generation),
            )
            if not finding and live.version != checkpoint.version and not await self._siblings_are_ready():
                await self._note(generation, FillingState.COMPARING, _WAITS)
                return False
            return await self._decide(generation, finding)

    async def _siblings_are_ready(self) -> bool:
        """Whether every other partition could be switched now, or is: answers must not be of two versions for
        longer than that takes."""
        for sibling in self._siblings:
            live = await sibling.checkpoint()
            kept = await sibling.generations.kept()
            if live.version != self._projection.version and kept.finding != _WAITS:
                return False
        return True

    async def _decide(self, generation: int, finding: str) -> bool:
        if finding:
            logger().error(
                "generation_differs",
                projection=self._projection.name,
                generation=generation,
                finding=finding,
            )
            await self._note(generation, FillingState.DIFFERS, finding)
            return False
        if self._kept is None or not self._kept.activates:
            await self._note(generation, FillingState.READY)
            return False
        if failpoints.is_armed:
            await failpoints.reach("rebuild.before_switch")
        before = await self._writer.generations.switch(generation, token=self._token)
        if failpoints.is_armed:
            await failpoints.reach("rebuild.after_switch")
        logger().info(
            "generation_switched", projection=self._projection.name, generation=generation, before=before
        )
        return True

    async def _note(self, generation: int, state: FillingState, finding: str = "") -> None:
        self._state = state
        await self._writer.generations.note(self._token, generation, state, finding)

    async def _failed(self, generation: int, error: Exception) -> None:
        logger().error(
            "filling_failed",
            projection=self._projection.name,
            generation=generation,
            reason=type(error).__name__,
            **where_from(error),
        )
        if isinstance(error, EventRefused):
            with contextlib.suppress(ReadStoreUnavailable, Fenced):
                await self._note(generation, FillingState.FAILED, str(error))

    async def _fill_another(self, generation: int, damage: ReadModelDamaged) -> None:
        """What is damaged is worth nothing; the next look at the generations finds the one in its place."""
        activates = self._kept is not None and self._kept.activates
        with contextlib.suppress(ReadStoreUnavailable, StoreError):
            await self._writer.generations.forget(generation)
            await open_beside(
                self._projection,
                self._log,
                self._writer,
                activates=activates,
                reason=f"damaged {damage}",
            )
