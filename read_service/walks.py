"""Walks through an index or a text index, as lists are made of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from read_service.page_tokens import Place
from read_service.pages import MAX_PAGE_SIZE, Read, Rows, Walk
from read_store import Page, PageRows, Row, TextPage, TextPageRows

# A pattern's limit, which each page of the list replaces by its own.
ANY_LIMIT = MAX_PAGE_SIZE


def stored(row: Row) -> bytes:
    """Answer a row's message as it is stored."""
    return row.message


def walk_through(pattern: Page | TextPage, encode: Callable[[Row], bytes] = stored) -> Walk:
    """Answer the walk that reads pages like the pattern, each with its own limit and place to go on after."""

    async def read_rows(read: Read, place: Place | None, limit: int) -> Rows:
        # The place in a token is what `next` of the same kind of page was: the token is bound to its list.
        after: Any = place
        answer = await read((replace(pattern, after=after, limit=limit),))
        page: PageRows | TextPageRows = answer.results[0]
        return Rows(items=[encode(row) for row in page.rows], next=page.next, answer=answer)

    return read_rows
