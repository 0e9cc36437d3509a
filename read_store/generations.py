"""The generations of a partition beside the live one: one that fills, one that is kept from before."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from read_store.check_sums import CHECK_SUM_COLUMN, checkpoint_seal
from read_store.checkpoint import Checkpoint, parse_checkpoint
from read_store.connection import Connection
from read_store.errors import ReadModelDamaged
from read_store.keys import changed_index
from read_store.store_clock import StoreClock


class FillingState(Enum):
    """How far a generation beside the live one is."""

    FILLING = "events are folded into it"
    COMPARING = "it is held against the live one"
    READY = "it keeps up with the log and waits to be switched to"
    DIFFERS = "it is not what the live one is; an operator has to decide"
    FAILED = "an event can't be folded into it, which is tried again"

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is done for it but keeping it up to date, until an operator decides."""
        return self in (FillingState.READY, FillingState.DIFFERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptGenerations:
    """Numbers of generations, 0 for none: `live` is what readers see, `filling` is filled beside it and
    becomes live by itself if it `activates`, `previous` was live before and is kept as it was.

    `refused_version` is the projection version that an operator went back from, 0 for none.
    """

    live: int
    filling: int
    previous: int
    state: FillingState
    activates: bool
    finding: str
    refused_version: int

    @property
    def numbers(self) -> set[int]:
        """All that are kept."""
        return {self.live, self.filling, self.previous} - {0}


class Generations:
    """What can be done with the generations of a partition."""

    def __init__(
        self, connection: Connection, root: str, call: Callable[..., Awaitable[Any]], clock: StoreClock
    ) -> None:
        self._connection = connection
        self._root = root
        self._call = call
        self._clock = clock

    async def kept(self) -> KeptGenerations:
        """Which generations there are for what."""
        live, stored, *_ = await self._look(0)
        fields = {
            name.decode(): value.decode() for name, value in zip(stored[::2], stored[1::2], strict=True)
        }
        return KeptGenerations(
            live=int(live),
            filling=int(fields.get("filling", 0)),
            previous=int(fields.get("previous", 0)),
            state=FillingState[fields.get("state", "FILLING")],
            activates=fields.get("activates") == "1",
            finding=fields.get("finding", ""),
            refused_version=int(fields.get("refused_version", 0)),
        )

    async def open(
        self,
        version: int,
        epoch: UUID,
        *,
        activates: bool,
        head: int = 0,
        since_us: int = 0,
        past_epochs: Mapping[UUID, int] | None = None,
    ) -> int:
        """The generation that is filled beside the live one; opens an empty one when there is none.

        It is of that projection version and of a log that ends at `head` and whose first event was recorded
        at `since_us`; `past_epochs` have the last position that each has in common with the next. What was
        kept for a rollback is given up. Raises GenerationRefused.
        """
        content = empty_generation(version, epoch, head, since_us, past_epochs or {})
        return int(await self._call("open_generation", int(activates), *content))

    async def note(self, token: int, generation: int, state: FillingState, finding: str = "") -> bool:
        """Says how far the generation beside the live one is; whether it still is that. Raises Fenced."""
        return bool(await self._call("note_filling", token, generation, state.name, finding))

    async def switch(self, generation: int, *, token: int | None = None) -> int:
        """Points the readers at the generation that was filled; answers the one that was live until now.

        Raises GenerationRefused, GenerationBehind, or Fenced where a token is given.
        """
        return int(await self._call("switch_generation", "" if token is None else token, generation))

    async def roll_back(self) -> int:
        """Points the readers back at the generation kept from before, and answers it. Raises
        GenerationRefused."""
        return int(await self._call("roll_back_generation"))

    async def forget(self, generation: int) -> bool:
        """Ends a generation that is not live; whether there was one. Its keys are left to `remove`.

        Raises GenerationRefused for the live one.
        """
        return bool(await self._call("forget_generation", generation))

    async def remove(self, generation: int) -> int:
        """Removes all keys of a generation that is not kept, little by little; answers how many."""
        await self.forget(generation)
        sizes = f"{self._root}g{generation}:sizes"
        dropped = 0
        async for keys in self._scan(f"g{generation}:*"):
            # The last one to go: it tells of what is left when this process dies now.
            if others := [key for key in keys if key != sizes.encode()]:
                dropped += await self._connection.call("UNLINK", *others)
        return dropped + int(await self._connection.call("UNLINK", sizes))

    async def existing(self) -> set[int]:
        """The numbers of all generations that have keys."""
        found = set[int]()
        async for keys in self._scan("g*:[cs]*"):
            found |= {int(key.decode()[len(self._root) + 1 :].split(":")[0]) for key in keys}
        return found

    async def checkpoint(self, generation: int) -> Checkpoint:
        """A generation's checkpoint, 0 for the live one's; its number is 0 when there is none. Raises
        ReadModelDamaged."""
        live, _, now_us, flat, sizes = await self._look(generation)
        self._clock.said(int(now_us))
        number = b"%d" % generation if generation else live
        checkpoint = parse_checkpoint(number, now_us, flat, is_live=number == live)
        if checkpoint.generation > 0 and checkpoint.sizes != sizes:
            raise ReadModelDamaged("checkpoint")
        return checkpoint

    async def sizes(self, generation: int) -> dict[str, int]:
        """How many members the writer has put into each key, by the names of KeySize."""
        found, place = dict[str, int](), b"0"
        while True:
            place, part = await self._connection.call(
                "HSCAN", f"{self._root}g{generation}:sizes", place, "COUNT", 1000
            )
            found.update(zip((name.decode() for name in part[::2]), map(int, part[1::2]), strict=True))
            if place == b"0":
                return found

    async def row_sums(self, generation: int, tally: str, limit: int) -> dict[str, int]:
        """The check sums of the first rows of a tally, by row."""
        key = f"{self._root}g{generation}:t:{tally}"
        rows = await self._connection.call("ZRANGE", key, 0, limit - 1)
        answers = [self._connection.send("HGET", key.encode() + b":" + row, CHECK_SUM_COLUMN) for row in rows]
        return {row.decode(): int(await sum_ or 0) for row, sum_ in zip(rows, answers, strict=True)}

    async def changed_at(self, generation: int, view: str, ranks: Sequence[int]) -> list[str]:
        """The ids of the documents at these ranks in the order of their last changes."""
        key = f"{self._root}g{generation}:i:{changed_index(view)}"
        answers = [self._connection.send("ZRANGE", key, rank, rank) for rank in ranks]
        return [id_.decode() for answer in answers for id_ in await answer]

    async def _look(self, generation: int) -> list[Any]:
        found: list[Any] = await self._call("look", generation, read_only=True)
        return found

    async def _scan(self, pattern: str) -> Any:
        place = b"0"
        while True:
            place, keys = await self._connection.call(
                "SCAN", place, "MATCH", f"{self._root}{pattern}", "COUNT", 1000
            )
            if keys:
                yield keys
            if place == b"0":
                return


def empty_generation(
    version: int, epoch: UUID, head: int, since_us: int, past_epochs: Mapping[UUID, int]
) -> list[Any]:
    """What an empty generation is made of, as the functions in the store take it."""
    past = [part for each, position in past_epochs.items() for part in (each.hex, position)]
    return [version, epoch.hex, head, checkpoint_seal(epoch.hex, 0, "", 0), since_us, *past]
