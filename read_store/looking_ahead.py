"""Pages of long lists read in two steps that overlap: which entities they have, and then their documents.

Inside the server's scripts a document costs several times what it costs outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from read_store.checkpoint import Checkpoint, parse_checkpoint
from read_store.connection import Connection
from read_store.errors import ReadModelDamaged
from read_store.operations import Run
from read_store.rows import Found, FramedRun, Frames, parse_frames
from read_store.snapshot import Snapshot, encoded, has_its_sizes

# More would keep others waiting, and fewer take longer.
_ROWS = 2_000


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
        further = _further(run, found)
        documents = f"{self.root}g{found.generation}:d:{run.page.view}"
        commands = [self._looking(further, begun_with)]
        if found.ids:
            commands.append(("HMGET", documents, *found.ids))
        reply, *stored = await self.connection.transact(*commands)
        checkpoint, ahead = _parse(reply, further)
        if not _is_still_at(found, checkpoint):
            return None
        pages = _pages(run.page.view, found, stored[0] if stored else [])
        return Snapshot(checkpoint=checkpoint, results=(FramedRun(pages=pages, ahead=ahead),))

    async def _find(self, run: Run, begun_with: int) -> Found | None:
        reply = await self.connection.send(*self._looking(run, begun_with))
        return _parse(reply, run)[1]

    def _looking(self, run: Run | None, begun_with: int) -> tuple[Any, ...]:
        asked = [] if run is None else [_request(run)]
        return "FCALL_RO", self.function, 1, self.root, encoded(asked), begun_with or ""


def _found_before(run: Run) -> Found | None:
    """What was found for this very run."""
    found, page = run.found, run.page
    if found is None or (found.after, found.size) != (page.after, page.limit) or len(found.ids) > run.most:
        return None
    return found


def _further(run: Run, found: Found) -> Run | None:
    """The run after one that was found; None at the end of what is wanted."""
    after: Any = found.places[-1]
    most = run.most - len(found.ids)
    return None if after is None or most <= 0 else Run(page=replace(run.page, after=after), most=most)


def _request(run: Run) -> dict[str, Any]:
    size = run.page.limit
    limit = min(max(1, _ROWS // size) * size, run.most)
    return {**replace(run.page, limit=limit).request(), "with_scores": False, "size": size}


def _parse(reply: Sequence[Any], run: Run | None) -> tuple[Checkpoint, Found | None]:
    generation, now_us, fields, replies, sizes, live = reply
    checkpoint = parse_checkpoint(generation, now_us, fields, is_live=generation == live)
    if not has_its_sizes(checkpoint, sizes):
        raise ReadModelDamaged("checkpoint")
    if run is None or run.page.after is None:
        return checkpoint, None
    ids, reached, within = replies[0]
    found = Found(
        generation=checkpoint.generation,
        epoch=checkpoint.epoch,
        position=checkpoint.position,
        after=run.page.after,
        size=run.page.limit,
        ids=ids,
        places=[run.page.place(place) for place in (*within, reached)],
    )
    return checkpoint, found


def _is_still_at(found: Found, place: Checkpoint) -> bool:
    """Whether nothing was written since, for all that is written moves a generation's place."""
    return (found.generation, found.epoch, found.position) == (place.generation, place.epoch, place.position)


def _pages(view: str, found: Found, stored: Sequence[bytes | None]) -> list[Frames]:
    pages = []
    for number, place in enumerate(found.places):
        rows = slice(number * found.size, (number + 1) * found.size)
        pages.append(parse_frames(view, found.ids[rows], stored[rows], place))
    return pages
