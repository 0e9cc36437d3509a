"""One answer from those of several partitions: lists in one order, counts and sums added up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cmp_to_key
from typing import Any

from read_store.operations import (
    Count,
    Document,
    EpochEnd,
    Framed,
    IndexEdge,
    Operation,
    Page,
    Run,
    TallyRow,
    TallyRows,
    TextPage,
)
from read_store.rows import FramedRun, PageRows, Row, TextPageRows, frames_of_rows

# Small pages are spread less evenly.
_SPARE_ROWS = 10

Columns = dict[str, int]
# (term, rank or score, id); without an id, behind all of its term. An index without terms has one: "".
_Place = tuple[str, int, str]


def unframed(operation: Operation[Any]) -> Operation[Any]:
    """The operation whose rows several partitions must answer: frames can't be put into one order."""
    if isinstance(operation, Run):
        operation = operation.framed()
    return operation.page if isinstance(operation, Framed) else operation


def as_asked(operation: Operation[Any], merged: Any) -> Any:
    """What was merged for an operation, framed if it was to be."""
    if isinstance(operation, Run):
        return FramedRun(pages=(frames_of_rows(merged),))
    return frames_of_rows(merged) if isinstance(operation, Framed) else merged


def asked_of_each(operation: Operation[Any], partitions: int) -> tuple[Operation[Any], ...]:
    """What every partition is asked for an operation that so many of them answer.

    Rows are spread evenly, so each is asked for about twice its share of a page. A row's joined tallies are
    left out of it: entities of any partition may add to them.
    """
    match operation:
        case Document():
            sums = (TallyRow(tally=tally, row=operation.id) for tally in operation.joins)
            return (replace(operation, joins=()), *sums)
        case Page():
            return (replace(operation, joins=(), limit=_share(operation.limit, partitions)),)
        case TextPage():
            limit = _share(operation.limit, partitions)
            return (replace(operation, joins=(), limit=limit, with_ranks=True),)
    return (operation,)


def _share(limit: int, partitions: int) -> int:
    return limit if partitions == 1 else min(limit, 2 * limit // partitions + _SPARE_ROWS)


def is_cut_short(operation: Operation[Any], answers: Sequence[Sequence[Any]], merged: Any) -> bool:
    """Whether a page has less than it may have, because a partition had more than its share of it."""
    if not isinstance(operation, Page | TextPage) or merged.next is None:
        return False
    share = _share(operation.limit, len(answers))
    return len(merged.rows) < operation.limit and any(len(answer[0].rows) >= share for answer in answers)


def joined_rows(operation: Operation[Any], merged: Any) -> list[TallyRow]:
    """The rows of tallies to be joined to a merged page: those of one of its rows after those of another."""
    if not isinstance(operation, Page | TextPage) or not operation.joins:
        return []
    return [TallyRow(tally=tally, row=row.id) for row in merged.rows for tally in operation.joins]


def with_joins(operation: Operation[Any], merged: Any, sums: Sequence[Columns]) -> Any:
    """The merged page with the sums of `joined_rows` beside its rows."""
    if not isinstance(operation, Page | TextPage) or not operation.joins:
        return merged
    each = len(operation.joins)
    rows = [
        row._replace(joined=tuple(sums[at * each : (at + 1) * each])) for at, row in enumerate(merged.rows)
    ]
    return replace(merged, rows=rows)


def merge(operation: Operation[Any], answers: Sequence[Sequence[Any]]) -> Any:  # noqa: PLR0911 - one a kind
    """The result of an operation from what each partition answered to what it was asked."""
    first = [answer[0] for answer in answers]
    match operation:
        case Document():
            row = next((each for each in first if each is not None), None)
            sums = [add_columns(parts) for parts in zip(*(answer[1:] for answer in answers), strict=True)]
            return None if row is None else row._replace(joined=tuple(sums))
        case Page():
            return _merge_page(operation, first)
        case TextPage():
            return _merge_text_page(operation, first)
        case TallyRow():
            return add_columns(first)
        case TallyRows():
            return _merge_tally_rows(operation, first)
        case IndexEdge():
            found = [row for row in first if row is not None]
            edge = max if operation.last else min
            return edge(found, key=lambda row: (row.score, row.id)) if found else None
        case Count():
            return sum(first)
        case EpochEnd():
            return next((each for each in first if each is not None), None)
    raise TypeError(f"{type(operation).__name__} is asked of one partition only")


def add_columns(parts: Iterable[Columns]) -> Columns:
    """The sums of columns; one that comes to 0 is no column, as in a single tally."""
    sums: Columns = {}
    for columns in parts:
        for column, amount in columns.items():
            sums[column] = sums.get(column, 0) + amount
    return {column: amount for column, amount in sums.items() if amount}


def _merge_page(page: Page, parts: Sequence[PageRows]) -> PageRows:
    order = _Order(is_descending=False, is_rank_descending=page.descending)
    ends = [("", *part.next) for part in parts if part.next is not None]
    rows, place = order.merged([row for part in parts for row in part.rows], ends, page.limit)
    return PageRows(rows=rows, next=None if place is None else (place[1], place[2]))


def _merge_text_page(page: TextPage, parts: Sequence[TextPageRows]) -> TextPageRows:
    order = _Order(is_descending=page.descending, is_rank_descending=page.ranks_descending)
    ends = [part.next for part in parts if part.next is not None]
    rows, place = order.merged([row for part in parts for row in part.rows], ends, page.limit)
    return TextPageRows(rows=rows, next=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """The order of a walk through several partitions: of terms, and of what shares a term."""

    is_descending: bool
    is_rank_descending: bool

    def merged(self, rows: list[Row], ends: Sequence[_Place], limit: int) -> tuple[list[Row], _Place | None]:
        """The first rows of all, and the place to go on after in every partition.

        A partition that stopped at a place may have more rows right behind it, so nothing that comes after
        the first of these places may be taken yet.
        """
        rows.sort(key=lambda row: (row.score, row.id), reverse=self.is_rank_descending)
        rows.sort(key=lambda row: row.term, reverse=self.is_descending)
        end = min(ends, key=cmp_to_key(self._compare)) if ends else None
        if end is not None:
            rows = [row for row in rows if self._compare((row.term, row.score, row.id), end) <= 0]
        if len(rows) > limit:
            last = rows[limit - 1]
            return rows[:limit], (last.term, last.score, last.id)
        return rows, end

    def _compare(self, place: _Place, other: _Place) -> int:
        if place[0] != other[0]:
            return 1 if (place[0] > other[0]) != self.is_descending else -1
        if "" in (place[2], other[2]):
            return (place[2] == "") - (other[2] == "")
        if place[1:] == other[1:]:
            return 0
        return 1 if (place[1:] > other[1:]) != self.is_rank_descending else -1


def _merge_tally_rows(
    operation: TallyRows, parts: Sequence[list[tuple[str, Columns]]]
) -> list[tuple[str, Columns]]:
    rows: dict[str, list[Columns]] = {}
    for part in parts:
        for name, columns in part:
            rows.setdefault(name, []).append(columns)
    # Behind the last row of a part that was cut, rows of that part are missing.
    ends = [part[-1][0] for part in parts if len(part) == operation.limit]
    names = sorted(name for name in rows if not ends or name <= min(ends))
    return [(name, add_columns(rows[name])) for name in names[: operation.limit]]
