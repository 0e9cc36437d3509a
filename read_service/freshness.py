"""Reads that are as fresh as their caller asks, and say how fresh they are."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from diptych.consistency.v1.consistency_pb2 import (
    ON_TIMEOUT_SERVE_STALE,
    Consistency,
    ConsistencyToken,
)

import failpoints
from read_service.describing import Describer
from read_service.refusals import generation_gone, nothing_built, projection_behind
from read_service.requirements import Requirement, requirement_of, seconds_to_wait
from read_service.waiting import Wait, changed_epoch
from read_store import (
    Checkpoint,
    Frames,
    Operation,
    PartitionedReads,
    Places,
    ReadStore,
    Row,
    Snapshot,
    parts_of,
)
from service_kit.errors import ServiceError

_NOTHING = Consistency()


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """How far an earlier answer went: what follows it comes from the same generation and no earlier place.

    `parts` has generation and position of each partition where there are several.
    """

    generation: int
    epoch: UUID
    position: int
    parts: tuple[tuple[int, int], ...] = ()

    @property
    def generations(self) -> tuple[int, ...]:
        """The generation of each partition."""
        return tuple(generation for generation, _ in self.parts) or (self.generation,)


# Not frozen: each query has one, and past the guard its fields cost five times as much to set.
@dataclass(slots=True, kw_only=True)
class Answer:
    """Results of one moment, in the order of their operations; `is_short` when fresher ones were required."""

    checkpoint: Checkpoint
    results: tuple[Any, ...]
    is_short: bool = False

    @property
    def floor(self) -> Floor:
        """What an answer that follows this one must not fall below."""
        place, parts = self.checkpoint, parts_of(self.checkpoint)
        return Floor(
            generation=place.generation,
            epoch=place.epoch,
            position=place.position,
            parts=tuple((part.generation, part.position) for part in parts) if len(parts) > 1 else (),
        )


class FreshReads:
    """Reads one projection; waits by push until its place is the one required."""

    def __init__(
        self,
        store: ReadStore,
        projection: str,
        *,
        token_key: bytes,
        stale_after_seconds: float,
        partitions: int = 1,
    ) -> None:
        self._models = PartitionedReads(store, projection, partitions)
        self._partitions = partitions
        self._token_key = token_key
        self._describer = Describer(token_key=token_key, stale_after_seconds=stale_after_seconds)

    async def read(
        self,
        operations: Sequence[Operation[Any]],
        *,
        consistency: Consistency | None = None,
        floor: Floor | None = None,
        entity: str = "",
        stream: str = "",
        unless_at: Checkpoint | None = None,
    ) -> Answer:
        """Answer from one moment, in each partition, that meets the consistency and is not below the floor.

        `stream` is given when all that is read comes from that stream; then no other's partition is waited
        for. `entity` is such a stream whose document is the first result: a token of that stream is also met
        by that document's version. There are no results while the place is `unless_at`, where they are known.
        Raise ServiceError PROJECTION_BEHIND when the time to wait is over and the
        caller takes nothing stale; a floor is never undercut.
        """
        asked, stream = consistency or _NOTHING, stream or entity
        if floor is None and asked.WhichOneof("requirement") is None:
            # Whatever is there is the answer.
            return _answered(await self._snapshot(operations, (), stream, unless_at))
        takes_stale = asked.on_timeout == ON_TIMEOUT_SERVE_STALE
        deadline = asyncio.get_running_loop().time() + seconds_to_wait(asked)
        required = await self._required(asked, deadline, takes_stale=takes_stale)
        self._refuse_other_partitions(floor)
        wait = Wait(self._models, stream, deadline)
        if required is not None and floor is None:
            await wait.while_told_behind(required)
        while True:
            generations = floor.generations if floor else ()
            snapshot = await self._snapshot(operations, generations, stream, unless_at)
            place = snapshot.checkpoint
            is_met = _is_met(required, snapshot, entity)
            if is_met and _stands_on(floor, place):
                return _answered(snapshot)
            missing = _missing(required, floor, is_met=is_met)
            if place.generation > 0 and not place.is_live and not (takes_stale and _stands_on(floor, place)):
                # It is kept as it was when it was live, so what is missing will never come to it.
                raise generation_gone()
            if not await wait.for_more(missing, place):
                if takes_stale and _stands_on(floor, place):
                    return _answered(snapshot, is_short=True)
                raise projection_behind(place.position, missing.position)

    def joined(self, frames: Frames) -> bytes:
        """Join the rows of a page; raise ReadModelDamaged."""
        return self._models.joined(frames)

    def describe(self, answer: Answer) -> bytes:
        """Encode the answer's freshness."""
        return self._describer.describe(answer.checkpoint, is_short=answer.is_short)

    def token_at(self, place: Checkpoint, position: int) -> ConsistencyToken:
        """Answer the token of a position in the history that the checkpoint belongs to."""
        return self._describer.token_at(place, position)

    def requirement(self, token: ConsistencyToken) -> Requirement:
        """Answer what a token requires; raise ServiceError CONSISTENCY_TOKEN_INVALID."""
        return requirement_of(token, self._token_key)

    async def moved(self, after: Places | None, timeout_seconds: float, *, stream: str = "") -> Places | None:
        """Answer the projection's place once it is not `after` any more, None when the time is over.

        `stream` is as in `read`.
        """
        return await self._models.moved(after, timeout_seconds, stream=stream)

    async def epoch_changed(self, epoch: UUID) -> ServiceError:
        """Answer the error for whoever stands on an epoch that is over."""
        return await changed_epoch(self._models, epoch)

    async def _snapshot(
        self,
        operations: Sequence[Operation[Any]],
        begun_with: Sequence[int],
        stream: str,
        unless_at: Checkpoint | None,
    ) -> Snapshot:
        snapshot = await self._models.read(
            operations, begun_with=begun_with, stream=stream, unless_at=unless_at
        )
        if failpoints.is_armed:
            await failpoints.reach("query.read")
        return snapshot

    async def _required(
        self, asked: Consistency, deadline: float, *, takes_stale: bool
    ) -> Requirement | None:
        match asked.WhichOneof("requirement"):
            case "at_least_as_fresh":
                return self.requirement(asked.at_least_as_fresh)
            case "fully_consistent" if asked.fully_consistent:
                return await self._head(deadline, takes_stale=takes_stale)
        return None

    async def _head(self, deadline: float, *, takes_stale: bool) -> Requirement:
        loop = asyncio.get_running_loop()
        while (seconds := deadline - loop.time()) > 0:
            try:
                epoch, position = await self._models.ask_head(seconds)
            except TimeoutError:
                # The projector may be on its way back, so ask again while there is time.
                continue
            return Requirement(epoch=epoch, position=position, is_log_known=True)
        if takes_stale:
            return Requirement.UNREACHABLE
        raise projection_behind((await self._models.checkpoint()).position)

    def _refuse_other_partitions(self, floor: Floor | None) -> None:
        if floor is not None and len(floor.generations) != self._partitions:
            raise generation_gone()


def _is_met(required: Requirement | None, snapshot: Snapshot, entity: str) -> bool:
    if required is None:
        return True
    place = snapshot.checkpoint
    if place.epoch != required.epoch:
        return False
    if place.position >= required.position:
        return True
    row = snapshot.results[0] if entity and entity == required.stream else None
    return isinstance(row, Row) and row.version >= required.version


def _stands_on(floor: Floor | None, place: Checkpoint) -> bool:
    if floor is None:
        return True
    parts = parts_of(place)
    generations = tuple(part.generation for part in parts)
    if (generations, place.epoch) != (floor.generations, floor.epoch):
        if place.generation == 0:
            raise nothing_built()
        raise generation_gone()
    least = [position for _, position in floor.parts] or [floor.position]
    return all(part.position >= position for part, position in zip(parts, least, strict=True))


def _missing(required: Requirement | None, floor: Floor | None, *, is_met: bool) -> Requirement:
    if required is not None and not is_met:
        return required
    if floor is None:
        raise AssertionError("nothing is missing")
    return Requirement(epoch=floor.epoch, position=floor.position, is_log_known=True)


def _answered(snapshot: Snapshot, *, is_short: bool = False) -> Answer:
    if snapshot.checkpoint.generation == 0:
        raise nothing_built()
    return Answer(checkpoint=snapshot.checkpoint, results=snapshot.results, is_short=is_short)
