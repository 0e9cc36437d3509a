"""Lists as streams of pages: each page resumable, the next one read while the caller takes the last one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from diptych.consistency.v1.consistency_pb2 import Consistency

from read_service.encoding import field
from read_service.freshness import Answer, Floor, FreshReads
from read_service.page_tokens import PageTokens, Place, Resumption
from read_store import Frames, Operation
from service_kit.last_response import Last

MAX_PAGE_SIZE = 500

# Reads operations for a page, as fresh as the page must be.
Read = Callable[[Sequence[Operation[Any]]], Awaitable[Answer]]


# What a list is answered with.
Pages = AsyncGenerator[bytes | Last, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A page's rows, not encoded so far. `next` is the place to go on after, None at the list's end."""

    frames: Frames
    answer: Answer

    @property
    def count(self) -> int:
        return self.frames.count

    @property
    def next(self) -> Place | None:
        return self.frames.next


# Reads pages after a place (None: from the start), at least one: of so many rows each, and so many in all.
Walk = Callable[[Read, Place | None, int, int], Awaitable[Sequence[Rows]]]


class OnePageRequest(Protocol):
    """The fields of a request that is answered with one page."""

    @property
    def consistency(self) -> Consistency: ...
    @property
    def limit(self) -> int: ...
    @property
    def page_token(self) -> str: ...


class ListRequest(OnePageRequest, Protocol):
    """The fields that the request of every streamed list has."""

    @property
    def page_size(self) -> int: ...


async def stream_pages(
    reads: FreshReads, request: ListRequest, *, tokens: PageTokens, walk: Walk, default_size: int
) -> Pages:
    """Yield a list's pages, encoded as items in field 1, next_page_token in 2 and freshness in 3.

    A list without items is one empty page; a page may be empty and not the last one.
    """
    start = tokens.read(request.page_token)
    size, left = page_size(request.page_size, default_size), request.limit or 2**31
    pages = await _read_pages(reads, walk, start, size, left, consistency=request.consistency)
    ahead: asyncio.Future[Sequence[Rows]] | None = None
    try:
        while pages:
            last, left = resumption_after(pages[-1]), left - sum(rows.count for rows in pages)
            ahead = None
            if last is not None and left > 0:
                ahead = asyncio.ensure_future(_read_pages(reads, walk, last, size, left))
                await _sent()
            for rows in pages:
                page = encode_page(reads, rows, tokens, resumption_after(rows))
                yield page if ahead or rows is not pages[-1] else Last(page)
            pages = await ahead if ahead else ()
    finally:
        if ahead is not None:
            await _dropped(ahead)


async def one_page(
    reads: FreshReads, request: OnePageRequest, *, tokens: PageTokens, walk: Walk, default_size: int
) -> bytes:
    """Answer one page of a list, as full as the list allows; its fields are those of a stream's page.

    Freshness is that of the first read where it takes several, so that no item is older than it says.
    """
    size = page_size(request.limit, default_size)
    start = tokens.read(request.page_token)
    (rows,) = await _read_pages(reads, walk, start, size, size, consistency=request.consistency)
    items, count, answer = [reads.joined(rows.frames)], rows.count, rows.answer
    while count < size and (resumption := resumption_after(rows)):
        # A read looks at so many entities and no more, whether they are what is asked for or not.
        (rows,) = await _read_pages(reads, walk, resumption, size - count, size - count)
        items.append(reads.joined(rows.frames))
        count += rows.count
    return _joined_page(reads, b"".join(items), answer, tokens, resumption_after(rows))


def page_size(asked: int, default_size: int) -> int:
    """Answer the items a page: the default for 0, at most 500."""
    return min(asked or default_size, MAX_PAGE_SIZE)


def resumption_after(rows: Rows) -> Resumption | None:
    """Answer where the list goes on after these rows, None at its end."""
    return None if rows.next is None else Resumption(place=rows.next, floor=rows.answer.floor)


def encode_page(reads: FreshReads, rows: Rows, tokens: PageTokens, resumption: Resumption | None) -> bytes:
    """Join a page from its rows; raise ReadModelDamaged."""
    return _joined_page(reads, reads.joined(rows.frames), rows.answer, tokens, resumption)


def _joined_page(
    reads: FreshReads, items: bytes, answer: Answer, tokens: PageTokens, resumption: Resumption | None
) -> bytes:
    next_page_token = b"" if resumption is None else field(2, tokens.write(resumption).encode())
    return b"".join((items, next_page_token, field(3, reads.describe(answer))))


async def _sent() -> None:
    """Let a read that was just begun reach the store, which then works while its page before is joined."""
    # One turn of the loop begins the read, the next one writes what was begun, and uvloop does so at its end.
    for _ in range(3):
        await asyncio.sleep(0)


async def _read_pages(
    reads: FreshReads,
    walk: Walk,
    start: Resumption | None,
    size: int,
    most: int,
    *,
    consistency: Consistency | None = None,
) -> Sequence[Rows]:
    floor: Floor | None = start.floor if start else None

    async def read(operations: Sequence[Operation[Any]]) -> Answer:
        return await reads.read(operations, consistency=consistency, floor=floor)

    return await walk(read, start.place if start else None, size, most)


async def _dropped(reading: "asyncio.Future[Sequence[Rows]]") -> None:
    reading.cancel()
    await asyncio.wait((reading,))
    if not reading.cancelled():
        # Looked at, or asyncio would report it as an error that nobody took.
        reading.exception()
