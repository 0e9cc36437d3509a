"""Pages of long lists read in two steps that overlap: which entities they have, and then their documents.

Inside the server's scripts a document costs several times what it costs outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from read_store.checkpoint import Checkpoint
from read_store.connection import Connection
from read_store.operations import Run
from read_store.rows import Found
from read_store.run_steps import ByPlace, ByRank, found_after, looking_after
from read_store.snapshot import Snapshot, checkpoint_of, encoded, found_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Looks ahead in one partition: `function` reads it, its keys begin with `root`."""

    connection: Connection
    function: str
    root: str

    async def read(self, run: Run, begun_with: int) -> Snapshot | None:
        """Answers pages and finds those after them, all of one moment; None when the run can't be read so.

        That is when something was written since its pages were found: their documents would be of another
        moment.
        """
        found = _found_before(run) or await self._find(run, begun_with)
        if found is None:
            return None
        keys = f"{self.root}g{found.generation}:"
        step = ByRank(run, found, found.ranks, keys) if found.ranks else ByPlace(run, found, keys)
        asking = self._asking(step.asked, begun_with)
        reply, *answers = await self.connection.transact(asking, *step.commands)
        checkpoint = checkpoint_of(reply)
        if not _is_still_at(found, checkpoint):
            return None
        return Snapshot(checkpoint=checkpoint, results=(step.result(found_in(reply), answers),))

    async def _find(self, run: Run, begun_with: int) -> Found | None:
        if run.page.after is None:
            return None
        reply = await self.connection.send(*self._asking([looking_after(run)], begun_with))
        return found_after(run, checkpoint_of(reply), found_in(reply)[0])

    def _asking(self, asked: Sequence[dict[str, Any]], begun_with: int) -> tuple[Any, ...]:
        return "FCALL_RO", self.function, 1, self.root, encoded(asked), begun_with or ""


def _found_before(run: Run) -> Found | None:
    """What was found for this very run."""
    found, page = run.found, run.page
    if found is None or (found.after, found.size) != (page.after, page.limit) or len(found.ids) > run.most:
        return None
    return found


def _is_still_at(found: Found, place: Checkpoint) -> bool:
    """Whether nothing was written since, for all that is written moves a generation's place."""
    return (found.generation, found.epoch, found.position) == (place.generation, place.epoch, place.position)
