"""Walks through several partitions at once: every row once, in order, however short each partition stops."""

import random
from collections.abc import Iterable, Iterator
from itertools import islice

import pytest

from read_store import Page, PageRows, Row, TallyRows, TextPage, TextPageRows, merging

_PARTITIONS = 3


def _row(chance: random.Random, number: int) -> Row:
    term = chance.choice(("", "ab", "b", "é"))
    return Row(f"id-{number}", chance.randrange(6), term, 1, 1, b"", ())


def _parts(chance: random.Random, *, with_terms: bool) -> list[list[Row]]:
    parts: list[list[Row]] = [[] for _ in range(_PARTITIONS)]
    for number in range(60):
        row = _row(chance, number)
        chance.choice(parts).append(row if with_terms else row._replace(term=""))
    return parts


def _ordered(rows: Iterable[Row], page: Page | TextPage) -> list[Row]:
    is_text = isinstance(page, TextPage)
    ranks = page.ranks_descending if isinstance(page, TextPage) else page.descending
    rows = sorted(rows, key=lambda row: (row.score, row.id), reverse=ranks)
    return sorted(rows, key=lambda row: row.term, reverse=page.descending and is_text)


def _place(page: Page | TextPage, row: Row) -> tuple[object, ...]:
    return (row.term, row.score, row.id) if isinstance(page, TextPage) else (row.score, row.id)


class _Walk:
    """A walk over stored rows as the store walks them: each partition stops early now and then."""

    def __init__(self, page: Page | TextPage, parts: list[list[Row]], chance: random.Random) -> None:
        self._page = page
        self._chance = chance
        self._places = [[(_place(page, row), row) for row in _ordered(part, page)] for part in parts]
        self._everything = [place for place, _ in self._sorted(parts)]

    def _sorted(self, parts: list[list[Row]]) -> list[tuple[tuple[object, ...], Row]]:
        rows = _ordered([row for part in parts for row in part], self._page)
        return [(_place(self._page, row), row) for row in rows]

    def pages(self) -> Iterator[list[Row]]:
        after: tuple[object, ...] | None = None
        for _ in range(500):
            merged = merging.merge(self._page, [[self._read(part, after)] for part in self._places])
            yield merged.rows
            after = merged.next
            if after is None:
                return

    def _read(self, part: list[tuple[tuple[object, ...], Row]], after: tuple[object, ...] | None) -> object:
        start = -1 if after is None else self._everything.index(after)
        behind = [(place, row) for place, row in part if self._everything.index(place) > start]
        # A bound on the work ends a page before its limit.
        size = min(self._page.limit, self._chance.randrange(1, 8))
        taken = list(islice(behind, size))
        next_ = taken[-1][0] if len(behind) > size else None
        rows = [row for _, row in taken]
        kind = TextPageRows if isinstance(self._page, TextPage) else PageRows
        return kind(rows=rows, next=next_)  # type: ignore[arg-type] # the place is that of its kind


def _walked(seed: int) -> tuple[list[str], list[str]]:
    """Ids in the order walked, and in the order of one partition that has all."""
    chance = random.Random(seed)  # noqa: S311 - a test's dice
    is_descending = chance.random() < 0.5
    page: Page | TextPage = Page(view="v", indexes=("i",), limit=5, descending=is_descending)
    if chance.random() < 0.5:
        page = TextPage(
            view="v", index="i", limit=5, ranks_descending=chance.random() < 0.5, descending=is_descending
        )
    parts = _parts(chance, with_terms=isinstance(page, TextPage))
    expected = _ordered([row for part in parts for row in part], page)
    pages = list(_Walk(page, parts, chance).pages())
    assert all(len(rows) <= page.limit for rows in pages)
    return [row.id for rows in pages for row in rows], [row.id for row in expected]


def test_a_walk_through_partitions_is_that_through_one() -> None:
    for seed in range(300):
        walked, expected = _walked(seed)
        assert walked == expected, seed


def test_a_walk_that_goes_on_after_the_last_place_misses_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sabotaged twin: what a partition has not looked at yet is not waited for."""
    monkeypatch.setattr(merging, "min", max, raising=False)
    assert any(walked != expected for walked, expected in map(_walked, range(20)))


def test_the_end_of_a_term_lies_behind_all_of_its_rows() -> None:
    page = TextPage(view="v", index="i", limit=9)
    rows = [Row(f"id-{number}", number, "b", 1, 1, b"", ()) for number in range(3)]
    parts = [
        TextPageRows(rows=rows[:1], next=("b", 0, "")),
        TextPageRows(rows=rows[1:], next=("c", 0, "x")),
    ]
    merged = merging.merge(page, [[part] for part in parts])
    assert (merged.rows, merged.next) == (rows, ("b", 0, ""))


def test_rows_of_tallies_are_added_up_as_far_as_every_partition_was_read() -> None:
    operation = TallyRows(tally="t", limit=2)
    parts = [
        [("a", {"x": 1, "y": 2}), ("c", {"x": 5})],
        [("a", {"x": -1, "y": 3}), ("b", {"x": 7})],
        [("d", {"x": 1})],
    ]
    assert merging.merge(operation, [[part] for part in parts]) == [("a", {"y": 5}), ("b", {"x": 7})]


def test_a_page_is_cut_short_only_by_a_partition_that_has_more_than_its_share() -> None:
    page = Page(view="v", indexes=("i",), limit=30)
    (asked,) = merging.asked_of_each(page, _PARTITIONS)
    assert isinstance(asked, Page)
    rows = [Row(f"id-{number:02}", 1, "", 1, 1, b"", ()) for number in range(60)]
    full = PageRows(rows=rows[: asked.limit], next=(1, rows[asked.limit - 1].id))
    answers = [[full], [PageRows(rows=[], next=None)], [PageRows(rows=[], next=None)]]
    merged = merging.merge(page, answers)
    assert len(merged.rows) == asked.limit == 30
    large = Page(view="v", indexes=("i",), limit=60)
    (asked,) = merging.asked_of_each(large, _PARTITIONS)
    assert isinstance(asked, Page)
    full = PageRows(rows=rows[: asked.limit], next=(1, rows[asked.limit - 1].id))
    answers[0] = [full]
    assert merging.is_cut_short(large, answers, merging.merge(large, answers))
    # A bound on the work is no share: the walk goes on at its place.
    answers[0] = [PageRows(rows=rows[:3], next=(1, rows[9].id))]
    assert not merging.is_cut_short(large, answers, merging.merge(large, answers))
