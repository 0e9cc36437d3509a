"""Runs of pages are the pages that are read one by one, whatever is written between two steps."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from diptych.orders.v1.order_query_service_pb2 import ListOrdersResponse
from diptych.orders.v1.views_pb2 import OrderSummary

from read_store import (
    Connection,
    Found,
    FramedRun,
    Page,
    PartitionedReads,
    Probe,
    ReadModelDamaged,
    ReadStoreError,
    Run,
    TextPage,
)
from tests.stores import damage
from tests.stores.partition import VIEW, Partition, a_partition
from tests.valkey_server import TestValkey

Step = Callable[[], Awaitable[Any]]

_COUNT = 95
_ROWS = 20
PAGES: Sequence[Page | TextPage] = (
    Page(view=VIEW, indexes=("total",), limit=10),
    Page(view=VIEW, indexes=("total",), limit=10, descending=True, min=3, max=15),
    Page(view=VIEW, indexes=("total", "even"), limit=10),
    Page(view=VIEW, indexes=("total",), limit=10, probes=(Probe(index="changes", min=1),), work_limit=7),
    TextPage(view=VIEW, index="name", limit=10),
    TextPage(view=VIEW, index="name", limit=10, query="nna", ranks_descending=True),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: the position it is of, the place it comes after, the ids on it."""

    position: int
    after: Any
    ids: list[str]


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few pages are several runs."""
    monkeypatch.setattr("read_store.run_steps._ROWS", _ROWS)


def _id(number: int) -> str:
    return f"thing-{number:03}"


async def _fill(partition: Partition) -> None:
    numbers = range(_COUNT)
    await partition.apply(
        documents={_id(each): OrderSummary(order_id=_id(each)).SerializeToString() for each in numbers},
        entries={
            "total": {_id(number): number // 5 for number in numbers},
            "even": {_id(number): number // 5 for number in numbers if number % 2 == 0},
            "changes": {_id(number): number % 3 for number in numbers},
        },
        text_entries={"name": [(_id(number), f"anna {number % 4}", number) for number in numbers]},
    )


async def _run(partition: Partition, page: Page | TextPage, most: int, found: Found | None) -> Any:
    """A run that looks ahead, with the checkpoint of its answer."""
    run = Run(page=page, most=most, looks_ahead=True, found=found)
    snapshot = await PartitionedReads(partition.reader, partition.name).read((run,))
    result: FramedRun = snapshot.results[0]
    return snapshot.checkpoint, result


async def _walked(
    partition: Partition, page: Page | TextPage, *, most: int = 10**6, between: Step | None = None
) -> list[Shown]:
    """All pages, read by runs; `between` happens between two of them."""
    shown, found, after = list[Shown](), None, _before_all(page)
    while after is not None and most > 0:
        checkpoint, run = await _run(partition, _after(page, after), most, found)
        for frames in run.pages:
            rows = ListOrdersResponse.FromString(frames.join()).orders
            shown.append(Shown(checkpoint.position, after, [row.order_id for row in rows]))
            most -= frames.count
            after = frames.next
        found = run.ahead
        if between is not None:
            await between()
    return shown


def _before_all(page: Page | TextPage) -> Any:
    if isinstance(page, TextPage):
        return ("", 0, "")
    return (10**6 if page.descending else -1, "")


def _after(page: Page | TextPage, after: Any) -> Any:
    given = {name: getattr(page, name) for name in type(page).__slots__}
    return type(page)(**{**given, "after": after})


async def _one_by_one(partition: Partition, page: Page | TextPage) -> list[str]:
    ids, after = list[str](), None
    while True:
        found: Any = await partition.ask(_after(page, after))
        ids += [row.id for row in found.rows]
        if found.next is None:
            return ids
        after = found.next


@pytest.mark.parametrize("page", PAGES)
async def test_runs_have_what_pages_have_in_their_order(valkey: TestValkey, page: Page | TextPage) -> None:
    async with a_partition(valkey) as partition:
        await _fill(partition)
        pages = await _walked(partition, page)
        assert [id_ for shown in pages for id_ in shown.ids] == await _one_by_one(partition, page)
        assert all(len(shown.ids) <= page.limit for shown in pages)
        assert len(pages) > _ROWS // page.limit


@pytest.mark.parametrize("most", [1, 9, 10, 11, 25, 30])
async def test_a_run_ends_where_no_more_is_wanted(valkey: TestValkey, most: int) -> None:
    async with a_partition(valkey) as partition:
        await _fill(partition)
        pages = await _walked(partition, PAGES[0], most=most)
        assert [id_ for shown in pages for id_ in shown.ids] == [_id(number) for number in range(most)]


async def _each_is_of_one_moment(partition: Partition, page: Page) -> bool:
    """Whether each page of a walk is what the list was after its place at its position, while it changes."""
    chance = random.Random(3)  # noqa: S311 - a test's choices
    await _fill(partition)
    lists = {partition.position: {_id(number): number // 5 for number in range(_COUNT)}}

    async def change() -> None:
        now = dict(lists[partition.position])
        left = chance.sample(sorted(now), 8)
        moved = {id_: chance.randrange(20) for id_ in chance.sample(sorted(now), 8) if id_ not in left}
        await partition.apply(entries={"total": moved}, exits={"total": left})
        lists[partition.position] = {id_: now[id_] for id_ in now if id_ not in left} | moved

    try:
        pages = await _walked(partition, page, between=change)
    except ReadModelDamaged:
        return False
    assert len(lists) > 3
    return all(
        shown.ids
        == [id_ for score, id_ in _in_order(lists[shown.position]) if (score, id_) > shown.after][:10]
        for shown in pages
    )


def _in_order(scores: dict[str, int]) -> list[tuple[int, str]]:
    return sorted((score, id_) for id_, score in scores.items())


ALL = Page(view=VIEW, indexes=("total",), limit=10)
FILTERED = Page(view=VIEW, indexes=("total",), limit=10, probes=(Probe(index="changes", min=0),))


@pytest.mark.parametrize("page", [ALL, FILTERED])
async def test_a_page_is_of_one_moment_though_found_before(valkey: TestValkey, page: Page) -> None:
    async with a_partition(valkey) as partition:
        assert await _each_is_of_one_moment(partition, page)


@pytest.mark.parametrize("page", [ALL, FILTERED])
async def test_without_the_look_at_the_place_a_page_is_of_two_moments(
    valkey: TestValkey, monkeypatch: pytest.MonkeyPatch, page: Page
) -> None:
    """The sabotaged twin."""
    monkeypatch.setattr("read_store.looking_ahead._is_still_at", lambda *_: True)
    async with a_partition(valkey) as partition:
        assert not await _each_is_of_one_moment(partition, page)


@pytest.mark.parametrize(
    "done",
    [
        damage.edited("d:thing", _id(25)),
        damage.copied("d:thing", _id(26), _id(25)),
        damage.field_deleted("d:thing", _id(25)),
        damage.deleted("d:thing"),
        damage.of_another_type("d:thing"),
        damage.member_removed("i:total", _id(25)),
        damage.deleted("sizes"),
    ],
)
async def test_damage_between_finding_and_reading_is_seen(valkey: TestValkey, done: damage.Damage) -> None:
    async with a_partition(valkey) as partition:
        await _fill(partition)
        page = Page(view=VIEW, indexes=("total",), limit=10)
        _, run = await _run(partition, _after(page, (-1, "")), _COUNT, None)
        assert run.ahead is not None
        await damage.do(valkey, done, f"diptych:{{{partition.name}:0}}:g1:")
        with pytest.raises(ReadModelDamaged):
            await _read_all_of(partition, page, run.ahead)


async def _read_all_of(partition: Partition, page: Page, found: Found) -> None:
    _, run = await _run(partition, _after(page, found.after), _COUNT, found)
    for frames in run.pages:
        frames.join()


async def test_a_step_that_is_refused_says_why(valkey: TestValkey) -> None:
    connection = Connection(valkey.reader_url)
    await connection.open()
    try:
        with pytest.raises(ReadStoreError, match="NOPERM"):
            await connection.transact(("PING",), ("SET", "diptych:x", "1"))
        assert await connection.transact(("PING",)) == [b"PONG"]
    finally:
        await connection.close()
