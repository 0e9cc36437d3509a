"""The projector's side of one partition: lease, checkpoint, documents, apply, generations, pause."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from read_store.batch import Batch
from read_store.checkpoint import Checkpoint
from read_store.connection import Connection
from read_store.generations import Generations, empty_generation
from read_store.keys import changed_index, partition_root
from read_store.library import LIBRARY, Library, load_library
from read_store.operations import Operation
from read_store.snapshot import Snapshot, take_snapshot
from read_store.standing import StandingOf, check_standing
from read_store.store_clock import StoreClock
from read_store.stored import StoredDocument, unpack_document


class ReadModelWriter:
    """Writes one partition of a projection. Every write carries the lease's token and is refused when a newer
    one was granted; nothing is ever repeated by itself.
    """

    def __init__(self, url: str, projection: str, *, partition: int = 0, library: Library = LIBRARY) -> None:
        self._root = partition_root(projection, partition)
        self._library = library
        self._connection = Connection(url, on_connect=self._prepare, silence_seconds=10.0)
        self._clock = StoreClock()
        self.generations = Generations(self._connection, self._root, self._call, self._clock)

    async def open(self) -> None:
        """Connects; a store that is away is tried again until close."""
        await self._connection.open()

    async def close(self) -> None:
        """Disconnects; a lease that is not released ends by itself."""
        await self._connection.close()

    def cut(self) -> None:
        """Ends the connection as a broken line would; it is made again by itself."""
        self._connection.cut()

    async def acquire_lease(self, holder: str, seconds: float) -> int | None:
        """The fence token, above all granted before; None while another holder has the lease.

        The same holder takes over from itself at once, so a holder's name must not be shared.
        """
        token = await self._call("acquire_lease", holder, round(seconds * 1_000_000))
        return None if token is None else int(token)

    async def renew_lease(self, token: int, seconds: float) -> bool:
        """Whether the lease is still ours, now for that long."""
        return bool(await self._call("renew_lease", token, round(seconds * 1_000_000)))

    async def release_lease(self, token: int) -> None:
        """Lets the next holder in at once."""
        await self._call("release_lease", token)

    async def lease_holder(self) -> str:
        """Who has the lease now; empty when nobody has."""
        lease = self._connection.send("HMGET", f"{self._root}lease", "holder", "from_us", "until_us")
        (holder, from_us, until_us), time = await lease, await self._connection.call("TIME")
        now_us = int(time[0]) * 1_000_000 + int(time[1])
        return holder.decode() if holder and int(from_us or 0) <= now_us < int(until_us) else ""

    async def checkpoint(self) -> Checkpoint:
        """The live generation's checkpoint; generation 0 when there is none. Raises ReadModelDamaged."""
        return (await self.read(())).checkpoint

    async def read(self, operations: Sequence[Operation[Any]]) -> Snapshot:
        """Answers operations on the live generation, as readers see it. Raises ReadModelDamaged."""
        function = self._library.function("read")
        snapshot = await take_snapshot(self._connection, function, self._root, operations)
        self._clock.said(snapshot.checkpoint.now_us)
        return snapshot

    async def documents(
        self, generation: int, wanted: Sequence[tuple[str, Sequence[str]]]
    ) -> list[list[StoredDocument | None]]:
        """For each (view, ids) the documents in the order of the ids, None where there is none.

        Raises ReadModelDamaged.
        """
        prefix = f"{self._root}g{generation}:d:"
        answers = [self._connection.send("HMGET", prefix + view, *ids) for view, ids in wanted]
        return [
            [
                None if value is None else unpack_document(view, id_, value)
                for id_, value in zip(ids, await answer, strict=True)
            ]
            for answer, (view, ids) in zip(answers, wanted, strict=True)
        ]

    async def check_standing(self, generation: int, view: str, documents: Sequence[StandingOf]) -> None:
        """Raises ReadModelDamaged when one of these documents, of which there are some, is out of place."""
        await check_standing(self._connection, f"{self._root}g{generation}:", view, documents)

    async def newest_change(self, generation: int, views: Sequence[str]) -> int:
        """The position of the newest change that a document of these views has."""
        prefix = f"{self._root}g{generation}:i:"
        answers = [
            self._connection.send("ZRANGE", prefix + changed_index(view), -1, -1, "WITHSCORES")
            for view in views
        ]
        # RESP3 has each member in a pair with its score.
        edges = [await answer for answer in answers]
        return max((int(edge[0][1]) for edge in edges if edge), default=0)

    async def apply(self, token: int, batch: Batch) -> bool:
        """Writes the batch whole or not at all; answers whether the projection is paused.

        Raises Fenced, CheckpointMoved, TallyRefused (nothing was written), ReadModelDamaged (it was written,
        into a generation that is worth nothing), or ReadStoreUnavailable (it may have been written: read the
        checkpoint).
        """
        arguments = batch.arguments(token, self._clock.at(batch.head_read_at))
        return self._is_paused(await self._call("apply", *arguments))

    async def heartbeat(
        self, token: int, checkpoint: Checkpoint, head: int, *, head_read_at: float | None = None
    ) -> bool:
        """Says that the writer lives, has come to this checkpoint, and that the log ended at `head` when it
        was asked (None: now); answers whether the projection is paused."""
        place = (checkpoint.generation, checkpoint.epoch.hex, checkpoint.position)
        known_us = self._clock.at(head_read_at)
        return self._is_paused(await self._call("beat", token, *place, head, known_us))

    async def new_generation(
        self,
        token: int,
        version: int,
        epoch: UUID,
        *,
        head: int = 0,
        since_us: int = 0,
        past_epochs: Mapping[UUID, int] | None = None,
    ) -> tuple[int, int]:
        """Starts an empty generation and makes it live; nothing older is served from then on.

        Answers its number and that of the generation that was live before (0: none). The arguments are those
        of Generations.open.
        """
        content = empty_generation(version, epoch, head, since_us, past_epochs or {})
        generation, before = await self._call("start_generation", token, *content)
        return int(generation), int(before)

    async def set_paused(self, is_paused: bool) -> None:
        """Pauses or resumes the projection, for every process and beyond restarts."""
        key = f"{self._root}paused"
        await self._connection.call(*(("SET", key, "1") if is_paused else ("DEL", key)))

    async def is_paused(self) -> bool:
        """Whether somebody paused the projection."""
        return bool(await self._connection.call("EXISTS", f"{self._root}paused"))

    async def eviction_policy(self) -> str:
        """The server's maxmemory-policy; anything but noeviction loses parts of read models unseen."""
        info = await self._connection.call("INFO", "memory")
        lines = (info if isinstance(info, bytes) else str(info).encode()).decode().splitlines()
        return next((line.partition(":")[2] for line in lines if line.startswith("maxmemory_policy:")), "")

    def _is_paused(self, answer: Sequence[Any]) -> bool:
        is_paused, now_us = answer
        self._clock.said(int(now_us))
        return bool(is_paused)

    async def _prepare(self) -> None:
        await load_library(self._connection, self._library)

    async def _call(self, function: str, *arguments: Any, read_only: bool = False) -> Any:
        name, kind = self._library.function(function), "FCALL_RO" if read_only else "FCALL"
        return await self._connection.call(kind, name, 1, self._root, *arguments)
