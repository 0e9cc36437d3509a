"""What one projection read of the log, the others of its process need not read: yet none misses a thing."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from event_store import EventLog, EventStore, LogPage, begin_epoch
from projector.shared_pages import SharedPages
from tests.postgres_server import LogDatabase
from tests.stores.appends import an_append, appended
from tests.waiting import eventually


class _SlowLog(EventLog):
    """Counts its pages, and keeps each back while `gate` is shut, after it was read."""

    def __init__(self, url: str) -> None:
        super().__init__(url, connections=4)
        self.gate = asyncio.Event()
        self.gate.set()
        self.pages = 0
        self.is_deaf = False

    async def read(self, after_position: int, *, limit: int = 1000, **filters: Any) -> LogPage:
        page = await super().read(after_position, limit=limit, **filters)
        self.pages += 1
        await self.gate.wait()
        return page

    @property
    def hints_heard(self) -> int:
        return 0 if self.is_deaf else super().hints_heard


@pytest.fixture
async def slow_log(log_database: LogDatabase) -> AsyncIterator[_SlowLog]:
    log = _SlowLog(log_database.projector_url)
    async with log.hints():
        yield log
    await log.close()


def _positions(page: LogPage) -> list[int]:
    return [event.position for event in page.events]


async def _append(store: EventStore, log: _SlowLog, number: int) -> None:
    """One more event, and the hint of it."""
    before = EventLog.hints_heard.fget(log)  # type: ignore[attr-defined] # whatever the deaf one says
    await appended(store, an_append(f"order-{number}", 0))

    async def is_heard() -> bool:
        return bool(EventLog.hints_heard.fget(log) > before)  # type: ignore[attr-defined] # as above

    await eventually(is_heard)


async def test_what_one_has_read_is_not_read_again(event_store: EventStore, slow_log: _SlowLog) -> None:
    for number in range(1, 6):
        await _append(event_store, slow_log, number)
    shared = SharedPages(slow_log)
    first = (await shared.read(0, 100)).page
    assert (_positions(first), first.head, first.through) == ([1, 2, 3, 4, 5], 5, 5)
    later = await asyncio.gather(*(shared.read(after, 2) for after in (1, 2, 3)))
    assert [_positions(read.page) for read in later] == [[2, 3], [3, 4], [4, 5]]
    assert [read.page.anchor for read in later] == [event.event_id for event in first.events[:3]]
    assert [read.page.through for read in later] == [3, 4, 5]
    assert slow_log.pages == 1
    together = await asyncio.gather(*(shared.read(5, 100) for _ in range(3)))
    assert ([_positions(read.page) for read in together], slow_log.pages) == ([[], [], []], 2)


async def _read_after_a_hint(store: EventStore, log: _SlowLog, *, under_way: bool) -> list[int]:
    """What one reads that has heard of event 4, when another has read up to 3, or reads on from there."""
    for number in (1, 2, 3):
        await _append(store, log, number)
    shared = SharedPages(log)
    await shared.read(0, 100)
    if not under_way:
        await _append(store, log, 4)
        return _positions((await shared.read(1, 100)).page)
    log.gate.clear()
    reading, pages = asyncio.create_task(shared.read(3, 100)), log.pages

    async def was_read() -> bool:
        return log.pages > pages

    await eventually(was_read)
    await _append(store, log, 4)
    other = asyncio.create_task(shared.read(3, 100))
    await asyncio.sleep(0)
    log.gate.set()
    assert _positions((await reading).page) == []
    return _positions((await other).page)


@pytest.mark.parametrize(("under_way", "positions"), [(False, [2, 3, 4]), (True, [4])])
async def test_who_has_heard_a_hint_reads_what_it_tells_of(
    event_store: EventStore, slow_log: _SlowLog, under_way: bool, positions: list[int]
) -> None:
    assert await _read_after_a_hint(event_store, slow_log, under_way=under_way) == positions


@pytest.mark.parametrize(("under_way", "positions"), [(False, [2, 3]), (True, [])])
async def test_twin_hints_that_nobody_counts_are_missed(
    event_store: EventStore, slow_log: _SlowLog, under_way: bool, positions: list[int]
) -> None:
    slow_log.is_deaf = True
    assert await _read_after_a_hint(event_store, slow_log, under_way=under_way) == positions


async def test_readers_side_by_side_see_the_log_as_it_is(
    event_store: EventStore, slow_log: _SlowLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projector.shared_pages._KEPT_EVENTS", 5)
    shared, numbers, wanted = SharedPages(slow_log), itertools.count(1), 150
    chance = random.Random(7)  # noqa: S311 - a test's choices

    async def write() -> None:
        while (number := next(numbers)) <= wanted:
            await appended(event_store, an_append(f"order-{number}", 0))

    async def follow(limit: int) -> list[Any]:
        seen: list[Any] = []
        while len(seen) < wanted:
            page = (await shared.read(len(seen), limit)).page
            assert page.anchor == (seen[-1].event_id if seen else None)
            assert page.through == len(seen) + len(page.events) <= page.head
            seen += page.events[: chance.randint(1, limit)]
        return seen

    _, *followed = await asyncio.gather(write(), *(follow(limit) for limit in (1, 4, 4, 9, 30)))
    assert all(seen == followed[0] for seen in followed)
    assert [event.position for event in followed[0]] == list(range(1, wanted + 1))


async def test_two_reads_from_one_place_keep_what_was_before(
    event_store: EventStore, slow_log: _SlowLog
) -> None:
    for number in (1, 2, 3):
        await _append(event_store, slow_log, number)
    shared = SharedPages(slow_log)
    await shared.read(0, 100)
    await _append(event_store, slow_log, 4)
    # One that has not heard of it, one that has.
    slow_log.is_deaf = True
    first = asyncio.create_task(shared.read(3, 100))
    await asyncio.sleep(0)
    slow_log.is_deaf = False
    reads = await asyncio.gather(first, shared.read(3, 100))
    assert ([_positions(read.page) for read in reads], slow_log.pages) == ([[4], [4]], 3)
    pages = slow_log.pages
    assert _positions((await shared.read(1, 100)).page) == [2, 3, 4]
    assert slow_log.pages == pages


async def test_another_history_takes_the_place_of_the_one_that_was_kept(
    log_database: LogDatabase, event_store: EventStore, slow_log: _SlowLog
) -> None:
    for number in (1, 2, 3):
        await _append(event_store, slow_log, number)
    shared = SharedPages(slow_log)
    before = (await shared.read(0, 100)).page
    begun = await begin_epoch(log_database.admin_url)
    assert (await shared.read(3, 100)).page.epoch == begun.epoch != before.epoch
    page = (await shared.read(1, 100)).page
    assert (page.epoch, _positions(page)) == (begun.epoch, [2, 3])
    assert page.anchor == before.events[0].event_id


async def test_a_reader_that_gives_up_takes_nothing_from_the_others(
    event_store: EventStore, slow_log: _SlowLog
) -> None:
    await _append(event_store, slow_log, 1)
    shared = SharedPages(slow_log)
    slow_log.gate.clear()
    given_up, waiting = (asyncio.create_task(shared.read(0, 100)) for _ in range(2))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    slow_log.gate.set()
    assert (_positions((await waiting).page), slow_log.pages) == ([1], 1)
