"""Walks through an index or a text index, as lists are made of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from read_service.encoding import fields
from read_service.page_tokens import Place
from read_service.pages import MAX_PAGE_SIZE, Read, Rows, Walk
from read_store import Framed, Frames, Page, PageRows, Row, TextPage, TextPageRows

# A pattern's limit, which each page of the list replaces by its own.
ANY_LIMIT = MAX_PAGE_SIZE


def stored(row: Row) -> bytes:
    """Answer a row's message as it is stored."""
    return row.message


def walk_through(pattern: Page | TextPage) -> Walk:
    """Answer the walk that reads pages like the pattern, each with its own limit and place to go on after.

    Rows are answered as they are stored.
    """

    async def read_rows(read: Read, place: Place | None, limit: int) -> Rows:
        answer = await read((Framed(page=_page(pattern, place, limit)),))
        frames: Frames = answer.results[0]
        return Rows(frames=frames, answer=answer)

    return read_rows


def walk_encoded(pattern: Page | TextPage, encode: Callable[[Row], bytes]) -> Walk:
    """Answer the same walk with rows that are encoded one by one."""

    async def read_rows(read: Read, place: Place | None, limit: int) -> Rows:
        answer = await read((_page(pattern, place, limit),))
        page: PageRows | TextPageRows = answer.results[0]
        frames = Frames(
            join=lambda: fields(1, (encode(row) for row in page.rows)), count=len(page.rows), next=page.next
        )
        return Rows(frames=frames, answer=answer)

    return read_rows


def _page(pattern: Page | TextPage, place: Place | None, limit: int) -> Page | TextPage:
    # The place in a token is what `next` of the same kind of page was: the token is bound to its list.
    after: Any = place
    return replace(pattern, after=after, limit=limit)
