"""The reading side: answers from read models, and waiting until they have come far enough."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar
from uuid import UUID, uuid4

from read_store.beats import Beats
from read_store.checkpoint import Checkpoint
from read_store.connection import Connection
from read_store.errors import ReadModelDamaged
from read_store.gathering import Gathering, ReadAlone, is_small
from read_store.keys import partition_root
from read_store.library import LIBRARY, Library
from read_store.looking_ahead import Looker
from read_store.operations import Operation, Run
from read_store.reports import Reports
from read_store.rows import Frames
from read_store.snapshot import Snapshot, take_snapshot
from read_store.subscriber import Head, Subscriber
from read_store.waiting import Applied, Progress, any_changed

Result = TypeVar("Result")

# An ask that nobody answered for this long is over, so that the next one is not held back.
_ANSWER_SECONDS = 1.0


class ReadStore:
    """Reads read models. While the store is away every call raises ReadStoreUnavailable at once; it recovers
    by itself.
    """

    def __init__(self, url: str, *, library: Library = LIBRARY) -> None:
        self._read_function = library.function("read")
        self._connection = Connection(url)
        self._reports = Reports(self._connection)
        self._beats = Beats()
        self._gathering = Gathering(self._connection, self._read_function, self._beats.corrected)
        self._subscriber = Subscriber(url, self._read_applied)
        self._asks: dict[str, asyncio.Task[Head]] = {}
        self._next_asks: dict[str, asyncio.Task[Head]] = {}

    async def open(self) -> None:
        """Starts to connect; a store that is away is tried again until close."""
        await self._connection.open()
        await self._subscriber.open()

    async def close(self) -> None:
        """Disconnects."""
        for ask in (*self._asks.values(), *self._next_asks.values()):
            ask.cancel()
        await self._subscriber.close()
        await self._connection.close()

    async def read(
        self, projection: str, operations: Sequence[Operation[Any]], *, begun_with: int = 0
    ) -> Snapshot:
        """Answers all operations from one moment of one generation: that which the caller has begun with,
        while it is kept, else the live one. Raises ReadModelDamaged, and tells the projector of it."""
        try:
            if not begun_with and is_small(operations):
                try:
                    return await self._gathering.read(projection, operations)
                except ReadAlone:
                    pass
            snapshot = await take_snapshot(
                self._connection,
                self._read_function,
                partition_root(projection),
                operations,
                begun_with=begun_with,
            )
            return self._corrected(projection, snapshot)
        except ReadModelDamaged as damage:
            self._reports.send(projection, damage)
            raise

    async def read_unless_at(
        self, projection: str, operations: Sequence[Operation[Any]], place: Checkpoint
    ) -> Snapshot:
        """Answers as `read` does, but without results while the read model stands at that place: they would
        be the same. Raises ReadModelDamaged.
        """
        try:
            look = await self._gathering.read(projection, ())
            if look.checkpoint.is_at(place):
                return look
            return await self._gathering.read_apart(projection, operations)
        except ReadAlone:
            return await self.read(projection, operations)
        except ReadModelDamaged as damage:
            self._reports.send(projection, damage)
            raise

    async def read_ahead(self, projection: str, run: Run, *, begun_with: int = 0) -> Snapshot | None:
        """Answers a run that looks ahead as `read` does; None when `read` must answer it."""
        looker = Looker(
            connection=self._connection, function=self._read_function, root=partition_root(projection)
        )
        try:
            snapshot = await looker.read(run, begun_with)
        except ReadModelDamaged as damage:
            self._reports.send(projection, damage)
            raise
        return None if snapshot is None else self._corrected(projection, snapshot)

    def joined(self, projection: str, frames: Frames) -> bytes:
        """What frames are answered as. Raises ReadModelDamaged as read does."""
        try:
            return frames.join()
        except ReadModelDamaged as damage:
            self._reports.send(projection, damage)
            raise

    async def read_one(self, projection: str, operation: Operation[Result]) -> tuple[Checkpoint, Result]:
        """One operation's result with its checkpoint."""
        snapshot = await self.read(projection, (operation,))
        return snapshot.checkpoint, snapshot.results[0]

    async def checkpoint(self, projection: str) -> Checkpoint:
        """Where the live generation stands; generation 0 when there is none."""
        return (await self.read(projection, ())).checkpoint

    async def reached(self, projection: str, epoch: UUID, position: int, timeout_seconds: float) -> bool:
        """Waits by push until the projection has come to that position of that log; False when it did not in
        time. Sends nothing to the store while it waits. Raises ReadStoreUnavailable as soon as the store is
        lost, also in the middle of the wait.

        That it had come so far does not bind a later read: another generation may be live by then, so look
        at the checkpoint which comes with what is read.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        progress = await self._progress(projection, timeout_seconds)
        if progress is None:
            return False
        return await progress.reached(epoch, position, max(0.0, deadline - loop.time()))

    def is_behind(self, projection: str, epoch: UUID, position: int) -> bool:
        """Whether the projection was last told to be of that log and before that position; sends nothing."""
        known = self._subscriber.known(projection)
        return known is not None and known.epoch == epoch and known.position < position

    async def changed(
        self, projection: str, *, after: Applied | None, timeout_seconds: float
    ) -> Applied | None:
        """The projection's place as soon as it is another one than `after`; None when it was not in time.

        Places in between may be left out; only the newest matters. Raises ReadStoreUnavailable as `reached`.
        """
        progress = await self._progress(projection, timeout_seconds)
        return None if progress is None else await progress.changed(after, timeout_seconds)

    async def moved(
        self, names: Sequence[str], after: Sequence[Applied | None] | None, timeout_seconds: float
    ) -> tuple[Applied | None, ...] | None:
        """The places of several partitions as soon as they are others than `after`; else as `changed`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        followed = []
        for name in names:
            progress = await self._progress(name, deadline - loop.time())
            if progress is None:
                return None
            followed.append(progress)
        return await any_changed(followed, after, max(0.0, deadline - loop.time()))

    async def positions(self, projection: str) -> AsyncIterator[Applied]:
        """The projection's place now, and again each time it has moved; ends with ReadStoreUnavailable."""
        last: Applied | None = None
        while True:
            applied = await self.changed(projection, after=last, timeout_seconds=60.0)
            if applied is not None:
                last = applied
                yield applied

    async def ask_head(self, projection: str, timeout_seconds: float) -> Head:
        """The log's epoch and newest position at some moment after this call, told by the projector.

        Raises TimeoutError when no projector answers, ReadStoreUnavailable as soon as the store is lost.
        Callers share asks: one is under way, one waits.
        """
        ask = self._next_asks.get(projection)
        if ask is None:
            ask = asyncio.create_task(self._ask_after(projection, self._asks.get(projection)))
            ask.add_done_callback(_retrieved)
            self._next_asks[projection] = ask
        async with asyncio.timeout(timeout_seconds):
            return await asyncio.shield(ask)

    async def _ask_after(self, projection: str, ask_before: "asyncio.Task[Head] | None") -> Head:
        if ask_before is not None:
            await asyncio.wait((ask_before,))
        # From here on new callers need a new ask: this one's answer may be older than they are.
        current = self._next_asks.pop(projection)
        self._asks[projection] = current
        nonce = uuid4().hex
        answer = self._subscriber.expect_head(nonce)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._subscriber.progress(projection)
                await self._connection.call("PUBLISH", f"{partition_root(projection)}ask", nonce)
                return await answer
        finally:
            self._subscriber.forget_head(nonce)

    def _corrected(self, projection: str, snapshot: Snapshot) -> Snapshot:
        snapshot.checkpoint = self._beats.corrected(projection, snapshot.checkpoint)
        return snapshot

    async def _progress(self, projection: str, timeout_seconds: float) -> Progress | None:
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._subscriber.progress(projection)
        except TimeoutError:
            return None

    async def _read_applied(self, projection: str) -> Applied | None:
        checkpoint = await self.checkpoint(projection)
        if checkpoint.generation == 0:
            return None
        return Applied(generation=checkpoint.generation, epoch=checkpoint.epoch, position=checkpoint.position)


def _retrieved(ask: "asyncio.Task[Head]") -> None:
    # Its callers may all have given up before it failed; asyncio would report the failure as overlooked.
    if not ask.cancelled():
        ask.exception()
