"""Reading one partition of the log: nothing of other streams, no command in two halves, nothing left out."""

import asyncio

from event_store import EventLog, EventStore, LogPage, LogPartition, StoredEvent
from event_store import log as event_store_log
from read_store import partition_of
from tests.stores.appends import an_append, appended

_OF = 3


async def _written(event_store: EventStore) -> None:
    """Streams of one event each, and commands that write several streams at once."""
    await asyncio.gather(*(event_store.append(an_append(f"order-{n}", 0)) for n in range(60)))
    for number in range(10):
        await appended(event_store, an_append(f"product-{number}", 0, events=7))


async def _pages(log: EventLog, number: int, **settings: int) -> list[LogPage]:
    pages, after = [], 0
    while (page := await log.read_partition(after, LogPartition(number, _OF), **settings)).end is not None:
        pages.append(page)
        after = page.through
    return pages


def _events(pages: list[LogPage]) -> list[StoredEvent]:
    return [event for page in pages for event in page.events]


async def test_the_partitions_of_the_log_are_all_of_it(event_store: EventStore, event_log: EventLog) -> None:
    await _written(event_store)
    everything = (await event_log.read(0)).events
    parts = [_events(await _pages(event_log, number, limit=5)) for number in range(_OF)]
    assert all(len(part) > 10 for part in parts)
    assert sorted(event for part in parts for event in part) == everything
    for number, part in enumerate(parts):
        assert {partition_of(event.stream, _OF) for event in part} == {number}


async def test_a_page_leads_past_the_streams_of_other_partitions(
    event_store: EventStore, event_log: EventLog
) -> None:
    await _written(event_store)
    everything = (await event_log.read(0)).events
    for number in range(_OF):
        last = (await _pages(event_log, number, limit=1000))[-1]
        assert (last.through, last.head) == (len(everything), len(everything))
        assert last.end == (everything[-1].position, everything[-1].event_id, everything[-1].recorded_at)
        assert (await event_log.read_partition(7, LogPartition(number, _OF))).anchor == everything[6].event_id


async def test_a_window_ends_where_a_command_ends(event_store: EventStore, event_log: EventLog) -> None:
    window = event_store_log.FILTERED_WINDOW
    event_store_log.FILTERED_WINDOW = 4
    try:
        await _written(event_store)
        pages = await _pages(event_log, 1, limit=1000)
    finally:
        event_store_log.FILTERED_WINDOW = window
    everything = (await event_log.read(0)).events
    commands = [event.command_id for event in everything]
    for page in pages:
        assert page.through == len(commands) or commands[page.through - 1] != commands[page.through]
    assert _events(pages) == [event for event in everything if partition_of(event.stream, _OF) == 1]


async def test_a_page_ends_where_it_is_told_to(event_store: EventStore, event_log: EventLog) -> None:
    await _written(event_store)
    page = await event_log.read_partition(10, LogPartition(0, _OF), up_to=31)
    assert page.through == 31
    everything = (await event_log.read(0)).events[10:31]
    assert page.events == [event for event in everything if partition_of(event.stream, _OF) == 0]
