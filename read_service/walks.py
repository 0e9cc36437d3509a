"""Walks through an index or a text index, as lists are made of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from read_service.encoding import fields
from read_service.freshness import Floor
from read_service.page_tokens import Place
from read_service.pages import MAX_PAGE_SIZE, Read, Rows, Walk
from read_store import Found, FramedRun, Frames, Page, PageRows, Row, Run, TextPage, TextPageRows

# A pattern's limit, which each page of the list replaces by its own.
ANY_LIMIT = MAX_PAGE_SIZE


def stored(row: Row) -> bytes:
    """Answer a row's message as it is stored."""
    return row.message


def walk_through(pattern: Page | TextPage) -> Walk:
    """Answer the walk that reads pages like the pattern, each with its own size and place to go on after.

    Rows are answered as they are stored. It is for one list, whose pages are read one after the other.
    """
    return _WalkThrough(pattern)


def walk_encoded(pattern: Page | TextPage, encode: Callable[[Row], bytes]) -> Walk:
    """Answer the same walk with rows that are encoded one by one."""

    async def read_rows(read: Read, place: Place | None, size: int, most: int) -> Sequence[Rows]:
        answer = await read((_page(pattern, place, min(size, most)),))
        page: PageRows | TextPageRows = answer.results[0]
        frames = Frames(
            join=lambda: fields(1, (encode(row) for row in page.rows)), count=len(page.rows), next=page.next
        )
        return (Rows(frames=frames, answer=answer),)

    return read_rows


def _page(pattern: Page | TextPage, place: Place | None, limit: int) -> Page | TextPage:
    # The place in a token is what `next` of the same kind of page was: the token is bound to its list.
    after: Any = place
    return replace(pattern, after=after, limit=limit)


class _WalkThrough:
    """Looks ahead while nothing is written; else what is found ahead is out of date before it is read."""

    def __init__(self, pattern: Page | TextPage) -> None:
        self._pattern = pattern
        self._before: Floor | None = None
        self._is_still = False
        self._found: Found | None = None

    async def __call__(self, read: Read, place: Place | None, size: int, most: int) -> Sequence[Rows]:
        run = Run(
            page=_page(self._pattern, place, size),
            most=most,
            looks_ahead=self._is_still,
            found=self._found,
        )
        answer = await read((run,))
        found: FramedRun = answer.results[0]
        self._is_still = answer.floor == self._before
        self._before, self._found = answer.floor, found.ahead
        return [Rows(frames=frames, answer=answer) for frames in found.pages]
