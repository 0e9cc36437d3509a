"""What is asked for a run of pages: its documents, and in the same step which entities come after it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from read_store.checkpoint import Checkpoint
from read_store.errors import ReadModelDamaged
from read_store.inspection import KeySize
from read_store.operations import Page, Run
from read_store.packing import packed
from read_store.rows import Found, FramedRun, Frames, Ranks, parse_frames

# More would keep others waiting, and fewer take longer.
_ROWS = 2_000


class ByPlace:
    """The step of any walk: the script finds what comes after the last place."""

    def __init__(self, run: Run, found: Found, keys: str) -> None:
        """`keys` is what the generation's keys begin with."""
        after: Any = found.places[-1]
        most = run.most - len(found.ids)
        self._run, self._found = run, found
        self._next = None
        if after is not None and most > 0:
            self._next = Run(page=replace(run.page, after=after), most=most)
        self.asked = [] if self._next is None else [looking_after(self._next)]
        self.commands: list[Any] = [_documents(run, found, keys)] if found.ids else []

    def result(self, results: Sequence[Any], answers: Sequence[Any]) -> FramedRun:
        """The run, from the script's results and the answers to the commands."""
        ahead = None if self._next is None else found_after(self._next, self._found, results[0])
        stored = answers[0] if answers else ()
        return FramedRun(pages=_pages(self._run, self._found, stored, self._found.places), ahead=ahead)


class ByRank:
    """The step of a walk through all of one index: while nothing is written, ranks stay what they were."""

    def __init__(self, run: Run, found: Found, left: Ranks, keys: str) -> None:
        """`left` are the ranks behind what was found, `keys` is what the generation's keys begin with."""
        self._run, self._found, self._left = run, found, left
        self._next = left.first_of(min(_rows(found.size), run.most - len(found.ids)))
        self._last_of_pages = [
            found.ids[min(end, len(found.ids)) - 1]
            for end in range(found.size, len(found.ids) + found.size, found.size)
        ]
        index = f"{keys}i:{left.index}"
        self.asked = [KeySize(name=f"i:{left.index}").request()]
        self.commands: list[Any] = [
            _documents(run, found, keys),
            ("ZMSCORE", index, *self._last_of_pages),
            ("ZRANGE", index, *((self._next.first, self._next.last) if self._next.count else (1, 0))),
        ]

    def result(self, _results: Sequence[Any], answers: Sequence[Any]) -> FramedRun:
        """The run, from the script's results and the answers to the commands."""
        stored, scores, ids = answers
        if None in scores:
            raise ReadModelDamaged("key", f"i:{self._left.index}")
        places: list[tuple[Any, ...] | None] = [
            (int(score), id_.decode()) for score, id_ in zip(scores, self._last_of_pages, strict=True)
        ]
        ahead = None
        if self._left.count == 0:
            places[-1] = None
        elif self._next.count > 0:
            ahead = self._ahead(places[-1], ids)
        return FramedRun(pages=_pages(self._run, self._found, stored, places), ahead=ahead)

    def _ahead(self, after: Any, ids: list[bytes]) -> Found:
        if self._left.is_descending:
            ids.reverse()
        return replace(self._found, after=after, ids=ids, places=(), ranks=self._left.behind(self._next))


def looking_after(run: Run) -> dict[str, Any]:
    """What the script is asked for the entities of a run."""
    size = run.page.limit
    limit = min(_rows(size), run.most)
    return {**replace(run.page, limit=limit).request(), "with_scores": False, "size": size}


def found_after(run: Run, moment: Checkpoint | Found, reply: Sequence[Any]) -> Found:
    """What the script found of the entities of a run at some moment."""
    ids, reached, within, *left = reply
    after: Any = run.page.after
    return Found(
        generation=moment.generation,
        epoch=moment.epoch,
        position=moment.position,
        after=after,
        size=run.page.limit,
        ids=ids,
        places=[run.page.place(place) for place in (*within, reached)],
        ranks=_ranks(run, *left) if ids else None,
    )


def _ranks(run: Run, left: Sequence[int] | None = None) -> Ranks | None:
    if left is None or not isinstance(run.page, Page):
        return None
    first, last = left
    return Ranks(index=run.page.indexes[0], first=first, last=last, is_descending=run.page.descending)


def _rows(size: int) -> int:
    return max(1, _ROWS // size) * size


def _documents(run: Run, found: Found, keys: str) -> bytes:
    return packed(b"HMGET", f"{keys}d:{run.page.view}", found.ids)


def _pages(
    run: Run, found: Found, stored: Sequence[bytes | None], places: Sequence[tuple[Any, ...] | None]
) -> list[Frames]:
    pages = []
    for number, place in enumerate(places):
        rows = slice(number * found.size, (number + 1) * found.size)
        pages.append(parse_frames(run.page.view, found.ids[rows], stored[rows], place))
    return pages
