"""A projection's read models read as one, into however many partitions they are split."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from read_store.checkpoint import Checkpoint
from read_store.keys import partition_names, partition_of
from read_store.merged_checkpoint import merge_checkpoints, parts_of
from read_store.merging import (
    add_columns,
    as_asked,
    asked_of_each,
    is_cut_short,
    joined_rows,
    merge,
    unframed,
    with_joins,
)
from read_store.operations import EpochEnd, Operation, Run
from read_store.reader import ReadStore
from read_store.rows import Frames
from read_store.snapshot import Snapshot
from read_store.waiting import Applied

# Places of partitions, in their order; None for one that is not known.
Places = tuple[Applied | None, ...]


class PartitionedReads:
    """Reads a projection: one stream's documents from their partition, all else from every one."""

    def __init__(self, store: ReadStore, projection: str, partitions: int = 1) -> None:
        """`partitions` must be what the projectors have; another number names other read models."""
        self._store = store
        self._names = partition_names(projection, partitions)

    def read(
        self,
        operations: Sequence[Operation[Any]],
        *,
        begun_with: Sequence[int] = (),
        stream: str = "",
        unless_at: Checkpoint | None = None,
    ) -> Awaitable[Snapshot]:
        """Answers all operations, each partition's part from one moment of one generation.

        `stream` is given when all that is asked comes from that stream. `begun_with` are the generations
        that the caller has begun with, by partition. There are no results while a projection that is not
        split stands at `unless_at`, where they are known. Raises ReadModelDamaged, ReadStoreUnavailable.
        """
        names = self._needed(stream)
        if len(names) > 1:
            return self._read_framed(names, operations, begun_with)
        if unless_at is not None:
            return self._store.read_unless_at(names[0], operations, unless_at)
        generation = begun_with[0] if begun_with else 0
        if len(operations) == 1 and isinstance(operations[0], Run) and operations[0].looks_ahead:
            return self._read_ahead(operations[0], generation)
        return self._store.read(names[0], operations, begun_with=generation)

    def joined(self, frames: Frames) -> bytes:
        """As ReadStore.joined; what came from several partitions was checked before."""
        return self._store.joined(self._names[0], frames)

    async def checkpoint(self, *, stream: str = "") -> Checkpoint:
        """Where the live generation stands; the partition furthest behind, and that of a stream if given."""
        return (await self.read((), stream=stream)).checkpoint

    async def epoch_end(self, epoch: UUID) -> int | None:
        """The last position that a past epoch of the log has in common with the next, if it is known."""
        found: int | None = (await self.read((EpochEnd(epoch=epoch),))).results[0]
        return found

    async def reached(self, epoch: UUID, position: int, timeout_seconds: float, *, stream: str = "") -> bool:
        """As ReadStore.reached, for all partitions that are needed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        for name in self._needed(stream):
            if not await self._store.reached(name, epoch, position, max(0.0, deadline - loop.time())):
                return False
        return True

    def is_behind(self, epoch: UUID, position: int, *, stream: str = "") -> bool:
        """As ReadStore.is_behind, of any partition that is needed."""
        return any(self._store.is_behind(name, epoch, position) for name in self._needed(stream))

    async def moved(self, after: Places | None, timeout_seconds: float, *, stream: str = "") -> Places | None:
        """The places of the partitions that are needed once one of them has moved; None when not in time."""
        return await self._store.moved(self._needed(stream), after, timeout_seconds)

    async def ask_head(self, timeout_seconds: float) -> tuple[UUID, int]:
        """As ReadStore.ask_head; the log has one end for all partitions."""
        return await self._store.ask_head(self._names[0], timeout_seconds)

    def _needed(self, stream: str) -> tuple[str, ...]:
        if not stream or len(self._names) == 1:
            return self._names
        return (self._names[partition_of(stream, len(self._names))],)

    async def _read_ahead(self, run: Run, generation: int) -> Snapshot:
        snapshot = await self._store.read_ahead(self._names[0], run, begun_with=generation)
        return snapshot or await self._store.read(self._names[0], (run,), begun_with=generation)

    async def _read_framed(
        self, names: Sequence[str], operations: Sequence[Operation[Any]], begun_with: Sequence[int]
    ) -> Snapshot:
        snapshot = await self._read_all(names, list(map(unframed, operations)), begun_with)
        return replace(snapshot, results=tuple(map(as_asked, operations, snapshot.results)))

    async def _read_all(
        self, names: Sequence[str], operations: Sequence[Operation[Any]], begun_with: Sequence[int]
    ) -> Snapshot:
        generations, sharing = begun_with or (0,) * len(names), len(names)
        while True:
            asked = [asked_of_each(operation, sharing) for operation in operations]
            snapshots = await self._each(names, [part for parts in asked for part in parts], generations)
            results = [iter(snapshot.results) for snapshot in snapshots]
            answers = [[[next(each) for _ in parts] for each in results] for parts in asked]
            merged = [merge(*each) for each in zip(operations, answers, strict=True)]
            if sharing > 1 and any(map(is_cut_short, operations, answers, merged)):
                # One partition has more of a page than its share; pages are to be full.
                sharing = 1
                continue
            checkpoint = merge_checkpoints([snapshot.checkpoint for snapshot in snapshots])
            wanted = [
                joined_rows(operation, each) for operation, each in zip(operations, merged, strict=True)
            ]
            if any(wanted):
                sums = await self._sums(names, [row for rows in wanted for row in rows], checkpoint)
                if sums is None:
                    continue
                added = iter(sums)
                merged = [
                    with_joins(operation, each, [next(added) for _ in rows])
                    for operation, each, rows in zip(operations, merged, wanted, strict=True)
                ]
            return Snapshot(checkpoint=checkpoint, results=tuple(merged))

    async def _sums(
        self, names: Sequence[str], rows: Sequence[Operation[Any]], checkpoint: Checkpoint
    ) -> list[dict[str, int]] | None:
        """Rows of tallies added up; None when a partition is not any more what it was at that checkpoint."""
        before = parts_of(checkpoint)
        snapshots = await self._each(names, rows, [part.generation for part in before])
        for part, snapshot in zip(before, snapshots, strict=True):
            now = snapshot.checkpoint
            if (now.generation, now.epoch) != (part.generation, part.epoch) or now.position < part.position:
                return None
        return [add_columns(parts) for parts in zip(*(each.results for each in snapshots), strict=True)]

    async def _each(
        self, names: Sequence[str], operations: Sequence[Operation[Any]], generations: Sequence[int]
    ) -> list[Snapshot]:
        # Sent in one go, since each call writes to the connection before it waits.
        return await asyncio.gather(
            *(
                self._store.read(name, operations, begun_with=generation)
                for name, generation in zip(names, generations, strict=True)
            )
        )
