"""What a read may ask for; all operations of one read are answered from one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar
from uuid import UUID

from read_store.keys import checked_index
from read_store.rows import (
    Found,
    FramedRun,
    Frames,
    PageRows,
    Row,
    TextPageRows,
    parse_columns,
    parse_document,
    parse_frames,
    parse_row,
    parse_rows,
    score_of,
)
from read_store.text import fold_text

Result_co = TypeVar("Result_co", covariant=True)

# How many members of an index one call looks at before it answers with the place it reached.
WORK_LIMIT = 20_000
ROWS_LIMIT = 2_000


class Operation(Protocol[Result_co]):
    """One question to a projection."""

    def request(self) -> dict[str, Any]: ...

    def parse(self, reply: Any) -> Result_co: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A score range (both ends included) on an index whose order is another one than that of the walk."""

    index: str
    min: int | None = None
    max: int | None = None


# Not frozen: it is made for each query, and past the guard its fields cost five times as much to set.
@dataclass(slots=True, kw_only=True)
class Document:
    """One document by its id, or None."""

    view: str
    id: str
    joins: Sequence[str] = ()

    def request(self) -> dict[str, Any]:
        return {"kind": "document", "view": self.view, "id": self.id, "joins": self.joins}

    def parse(self, reply: Any) -> Row | None:
        if reply is None:
            return None
        stored, joined = reply
        return parse_document(self.view, self.id, stored, joined, self.joins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Entities that stand in all `indexes`, which must share one order, in that order (score, id).

    `after` is the place reached, exact also when that entity has moved or left. `min` and `max` bound the
    score, both included. Descending is the exact reverse of ascending, ids of equal scores too.
    """

    view: str
    indexes: Sequence[str]
    limit: int
    descending: bool = False
    after: tuple[int, str] | None = None
    min: int | None = None
    max: int | None = None
    probes: Sequence[Probe] = ()
    joins: Sequence[str] = ()
    work_limit: int = WORK_LIMIT

    def request(self) -> dict[str, Any]:
        return {
            "kind": "page",
            "view": self.view,
            "indexes": [checked_index(name) for name in self.indexes],
            "limit": _limit(self.limit),
            "descending": self.descending,
            "joins": self.joins,
            "probes": [_probe(probe) for probe in self.probes],
            "work": self.work_limit,
            "with_scores": True,
            **_range(self.min, self.max),
            **({"after": [str(self.after[0]), self.after[1]]} if self.after else {}),
        }

    def parse(self, reply: Any) -> PageRows:
        return PageRows(rows=parse_rows(reply, self.view, self.joins), next=self.place(reply[3]))

    def place(self, place: Any) -> tuple[int, str] | None:
        """A place in a reply."""
        return (score_of(place[0]), place[1].decode()) if place else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPage:
    """Entities whose text has `query` in it (all of them when it is empty), in the order of (text, rank, id).

    Any case, accents folded. `descending` turns the texts round, `ranks_descending` the entities of equal
    texts. `indexes` and `probes` filter by other indexes. `with_ranks` has the rows' ranks as their scores.
    """

    view: str
    index: str
    limit: int
    query: str = ""
    descending: bool = False
    ranks_descending: bool = False
    after: tuple[str, int, str] | None = None
    indexes: Sequence[str] = ()
    probes: Sequence[Probe] = ()
    joins: Sequence[str] = ()
    work_limit: int = WORK_LIMIT
    with_ranks: bool = False

    def request(self) -> dict[str, Any]:
        return {
            "kind": "text_page",
            "view": self.view,
            "index": checked_index(self.index),
            "query": fold_text(self.query),
            "limit": _limit(self.limit),
            "descending": self.descending,
            "ranks_descending": self.ranks_descending,
            "indexes": [checked_index(name) for name in self.indexes],
            "probes": [_probe(probe) for probe in self.probes],
            "joins": self.joins,
            "work": self.work_limit,
            **({"after": (self.after[0], str(self.after[1]), self.after[2])} if self.after else {}),
            "with_scores": self.with_ranks,
        }

    def parse(self, reply: Any) -> TextPageRows:
        return TextPageRows(rows=parse_rows(reply, self.view, self.joins), next=self.place(reply[3]))

    def place(self, place: Any) -> tuple[str, int, str] | None:
        """A place in a reply."""
        return (place[0].decode(), score_of(place[1]), place[2].decode()) if place else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """A page's rows as they are answered, not taken apart; of a page without joins."""

    page: Page | TextPage

    def request(self) -> dict[str, Any]:
        return {**self.page.request(), "with_scores": False}

    def parse(self, reply: Any) -> Frames:
        return parse_frames(self.page.view, reply[0], reply[1], self.page.place(reply[3]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """As many framed pages in a row as are cheap together, of `most` rows in all: one at least.

    `found` is what the run before has found ahead, if it was asked to look there.
    """

    page: Page | TextPage
    most: int
    looks_ahead: bool = False
    found: Found | None = None

    def framed(self) -> Framed:
        """Its first page."""
        is_cut = self.most < self.page.limit
        return Framed(page=replace(self.page, limit=self.most) if is_cut else self.page)

    def request(self) -> dict[str, Any]:
        return self.framed().request()

    def parse(self, reply: Any) -> FramedRun:
        return FramedRun(pages=(self.framed().parse(reply),))


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyRow:
    """The columns of one row; empty when it has none."""

    tally: str
    row: str

    def request(self) -> dict[str, Any]:
        return {"kind": "tally_row", "tally": self.tally, "row": self.row}

    def parse(self, reply: Any) -> dict[str, int]:
        return parse_columns(reply, self.tally, self.row)


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyRows:
    """Rows by name from `first` to `last`, both included, in the order of names, at most `limit`."""

    tally: str
    first: str | None = None
    last: str | None = None
    limit: int = WORK_LIMIT

    def request(self) -> dict[str, Any]:
        ends = {"first": self.first, "last": self.last}
        given = {name: end for name, end in ends.items() if end is not None}
        return {"kind": "tally_rows", "tally": self.tally, "limit": self.limit, **given}

    def parse(self, reply: Any) -> list[tuple[str, dict[str, int]]]:
        names = [(name.decode(), columns) for name, columns in reply]
        return [(name, parse_columns(columns, self.tally, name)) for name, columns in names]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEdge:
    """The document at the first or the last place of an index, or None when it is empty."""

    view: str
    index: str
    last: bool = False

    def request(self) -> dict[str, Any]:
        return {
            "kind": "index_edge",
            "view": self.view,
            "index": checked_index(self.index),
            "last": self.last,
        }

    def parse(self, reply: Any) -> Row | None:
        if reply is None:
            return None
        id_, stored, score = reply
        return parse_row(self.view, id_, stored, score=score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many entities stand in an index with a score from `min` to `max`, both included."""

    index: str
    min: int | None = None
    max: int | None = None

    def request(self) -> dict[str, Any]:
        return {"kind": "count", "index": checked_index(self.index), **_range(self.min, self.max)}

    def parse(self, reply: Any) -> int:
        return int(reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEnd:
    """The last position that a past epoch of the log has in common with the next; None when not known."""

    epoch: UUID

    def request(self) -> dict[str, Any]:
        return {"kind": "epoch_end", "epoch": self.epoch.hex}

    def parse(self, reply: Any) -> int | None:
        return None if reply is None else int(reply)


def _limit(limit: int) -> int:
    if not 1 <= limit <= ROWS_LIMIT:
        raise ValueError(f"a page has 1 to {ROWS_LIMIT} rows, not {limit}")
    return limit


def _probe(probe: Probe) -> dict[str, str]:
    return {"index": checked_index(probe.index), **_range(probe.min, probe.max)}


def _range(least: int | None, most: int | None) -> dict[str, str]:
    ends: Mapping[str, int | None] = {"min": least, "max": most}
    return {name: str(end) for name, end in ends.items() if end is not None}
