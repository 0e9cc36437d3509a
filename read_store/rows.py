"""What reads find: documents as rows, rows as they are answered, columns of tallies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, NamedTuple
from uuid import UUID

from read_store.check_sums import CHECK_SUM_COLUMN, check_document, check_documents, column_weight, is_equal
from read_store.errors import ReadModelDamaged
from read_store.stored import framed, frames_of, message_of, place_of


class Row(NamedTuple):
    """A document as it is stored: `message` holds the bytes of the view, `version` that of its stream,
    `position` that of its last change. `score` is the place in the index walked, or the rank
    asked for, else 0; `term` that in a text index. `joined` has the columns of each joined tally, in the
    order asked for.
    """

    id: str
    score: int
    term: str
    version: int
    position: int
    message: bytes
    joined: tuple[dict[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRows:
    """Some rows in walking order. `next` is where to go on, None at the end; a page without rows may too."""

    rows: list[Row]
    next: tuple[int, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPageRows:
    """Some rows in the order of their terms; `next` as in PageRows, as (term, rank, id)."""

    rows: list[Row]
    next: tuple[str, int, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """A page's rows as they are answered: `count` of them, `next` as that of the page.

    `join` makes them field 1 of a message, one after the other; it checks them, and raises ReadModelDamaged.
    Where to go on is known before, so that the next page can be on its way meanwhile.
    """

    join: Callable[[], bytes]
    count: int
    next: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """A stretch of an index by rank, from `first` to `last`, that is walked upwards or downwards."""

    index: str
    first: int
    last: int
    is_descending: bool

    @property
    def count(self) -> int:
        return max(0, self.last - self.first + 1)

    def first_of(self, rows: int) -> "Ranks":
        """At most so many that are walked first."""
        rows = max(0, min(rows, self.count))
        if self.is_descending:
            return replace(self, first=self.last - rows + 1)
        return replace(self, last=self.first + rows - 1)

    def behind(self, walked: "Ranks") -> "Ranks":
        """What is left when its first ones were walked."""
        if self.is_descending:
            return replace(self, last=walked.first - 1)
        return replace(self, first=walked.last + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The entities of the pages that come after a place, as they stood at a place in the log.

    A page has `size` of them; `places` are where to go on after each, None at the end of the list; not known
    so far if there are none. `ranks` are what is left behind them of an index all of which is walked.
    """

    generation: int
    epoch: UUID
    position: int
    after: tuple[Any, ...]
    size: int
    ids: Sequence[bytes]
    places: Sequence[tuple[Any, ...] | None] = ()
    ranks: Ranks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FramedRun:
    """Pages in a row, and what was found of those after them."""

    pages: Sequence[Frames]
    ahead: Found | None = None


def score_of(reply: bytes) -> int:
    """A score as an exact integer; the server may write large ones with an exponent."""
    return int(float(reply))


def parse_columns(flat: Sequence[bytes], tally: str, row: str) -> dict[str, int]:
    """The columns of a tally row from name, value, name, value; raises ReadModelDamaged."""
    try:
        columns = {name.decode(): int(value) for name, value in zip(flat[::2], flat[1::2], strict=True)}
    except ValueError:
        raise ReadModelDamaged("row", tally, row) from None
    kept = columns.pop(CHECK_SUM_COLUMN, 0)
    if not is_equal(sum(column_weight(name) * amount for name, amount in columns.items()), kept):
        raise ReadModelDamaged("row", tally, row)
    return columns


def parse_document(
    view: str, id_: str, stored: bytes, joined: Sequence[Any] | None, joins: Sequence[str]
) -> Row:
    """One document that was asked for by its id; raises ReadModelDamaged."""
    check_document(view, id_.encode(), stored)
    version, position = place_of(stored)
    tallies = tuple(map(parse_columns, joined, joins, repeat(id_))) if joined else ()
    return Row(id_, 0, "", version, position, message_of(stored), tallies)


def parse_row(
    view: str,
    id_: bytes,
    stored: bytes | None,
    *,
    score: bytes = b"0",
    joined: Sequence[Any] | None = None,
    joins: Sequence[str] = (),
) -> Row:
    """One document as a row; raises ReadModelDamaged."""
    check_document(view, id_, stored)
    return _row(id_, stored or b"", score, b"", joined, joins=joins)


def parse_rows(reply: Sequence[Any], view: str, joins: Sequence[str]) -> list[Row]:
    """Rows from their ids, stored values, joined tallies, place reached, scores and, if any, terms.

    Raises ReadModelDamaged.
    """
    ids, stored, joined, _, scores, *terms = reply
    check_documents(view, ids, stored)
    columns = scores or repeat(b"0"), terms[0] if terms else repeat(b""), joined or repeat(None)
    return [_row(*each, joins=joins) for each in zip(ids, stored, *columns, strict=False)]


def parse_frames(
    view: str, ids: Sequence[bytes], stored: Sequence[Any], next_: tuple[Any, ...] | None
) -> Frames:
    """The same, only to be answered, and not checked so far."""

    def join() -> bytes:
        check_documents(view, ids, stored)
        return frames_of(stored)

    return Frames(join=join, count=len(ids), next=next_)


def frames_of_rows(page: PageRows | TextPageRows) -> Frames:
    """Rows that were put together from several partitions, to be answered."""
    return Frames(
        join=lambda: b"".join([framed(row.message) for row in page.rows]),
        count=len(page.rows),
        next=page.next,
    )


def _row(
    id_: bytes,
    stored: bytes,
    score: bytes,
    term: bytes,
    joined: Sequence[Any] | None,
    *,
    joins: Sequence[str],
) -> Row:
    name = id_.decode()
    tallies = tuple(map(parse_columns, joined, joins, repeat(name))) if joined else ()
    return Row(name, score_of(score), term.decode(), *place_of(stored), message_of(stored), tallies)
