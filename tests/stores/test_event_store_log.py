"""Reading the log: in order, in pages, filtered, and woken by hints."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from event_store import EventLog, EventStore
from event_store import log as event_store_log
from tests.postgres_server import EVENT_TYPES, LogDatabase, descriptor_set
from tests.stores.appends import an_append, appended
from tests.waiting import DEADLINE_SECONDS


async def test_an_empty_log_has_a_head_and_no_events(event_log: EventLog) -> None:
    head = await event_log.head()
    page = await event_log.read(0)
    assert (head.position, page.head, page.through, page.events, page.anchor) == (0, 0, 0, [], None)
    assert head.epoch == page.epoch
    assert head.recorded_at.utcoffset() == timedelta(0)


async def test_an_event_comes_back_as_it_was_appended(event_store: EventStore, event_log: EventLog) -> None:
    append = an_append("credit-note-1", 0, correlation_id="a correlation")
    stored = await appended(event_store, append)
    (event,) = (await event_log.read(0)).events
    expected: tuple[object, ...] = (
        1, "credit-note-1", 1, "credit-note", EVENT_TYPES[0], b"payload", event.event_id, stored.recorded_at,
        append.command_id, "tester", "a correlation", None,
    )  # fmt: skip
    assert event == expected
    assert await event_store.read_stream("credit-note-1") == [event]
    assert (await event_log.read(1)).anchor == event.event_id
    assert (await event_log.read(2)).anchor is None


async def test_pages_join_without_a_gap(event_store: EventStore, event_log: EventLog) -> None:
    await asyncio.gather(*(event_store.append(an_append(f"order-{n}", 0)) for n in range(25)))
    after, seen = 0, []
    while (page := await event_log.read(after, limit=7)).events:
        seen += [event.position for event in page.events]
        assert page.head == 25
        after = page.through
    assert seen == list(range(1, 26))
    assert page.through == 25
    assert (await event_log.read(99)).through == 99


async def test_pages_come_over_few_connections_that_are_kept(log_database: LogDatabase) -> None:
    log = EventLog(log_database.projector_url, connections=2)
    try:
        seen = []
        for _ in range(2):
            await asyncio.gather(*(log.read(0) for _ in range(9)))
            seen.append(_connections_of_logs(log_database.admin_url))
        assert seen[0] == seen[1]
        assert len(seen[0]) == 2
        with psycopg.connect(log_database.admin_url, autocommit=True) as admin:
            for pid in seen[0]:
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        assert (await log.read(0)).head == 0
        assert not seen[0] & _connections_of_logs(log_database.admin_url)
    finally:
        await log.close()


def _connections_of_logs(admin_url: str) -> set[int]:
    with psycopg.connect(admin_url) as admin:
        found = admin.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'diptych event log'"
        )
        return {pid for (pid,) in found}


async def test_filters_combine_and_say_how_far_they_looked(
    event_store: EventStore, event_log: EventLog
) -> None:
    for number in range(6):
        correlation = "even" if number % 2 == 0 else "odd"
        await appended(event_store, an_append(f"order-{number}", 0, correlation_id=correlation))
        await appended(event_store, an_append(f"product-{number}", 0, correlation_id=correlation))

    orders = await event_log.read(0, categories=["order"])
    assert [event.position for event in orders.events] == [1, 3, 5, 7, 9, 11]
    assert orders.through == 12
    both = await event_log.read(2, categories=["order", "product"], correlation_id="odd", limit=3)
    assert ([event.position for event in both.events], both.through) == ([3, 4, 7], 7)
    assert (await event_log.read(0, types=[EVENT_TYPES[1]])).events == []
    assert len((await event_log.read(0, types=list(EVENT_TYPES))).events) == 12


async def test_a_rare_match_is_searched_in_bounded_steps(
    event_store: EventStore, event_log: EventLog
) -> None:
    window = event_store_log.FILTERED_WINDOW
    event_store_log.FILTERED_WINDOW = 10
    try:
        await asyncio.gather(*(event_store.append(an_append(f"order-{n}", 0)) for n in range(24)))
        await appended(event_store, an_append("product-1", 0))
        pages = [await event_log.read(after, categories=["product"]) for after in (0, 10, 20)]
    finally:
        event_store_log.FILTERED_WINDOW = window
    assert [page.through for page in pages] == [10, 20, 25]
    assert [len(page.events) for page in pages] == [0, 0, 1]


async def test_a_stream_is_read_both_ways(event_store: EventStore) -> None:
    await appended(event_store, an_append("order-1", 0, events=5))

    async def versions(after_version: int, limit: int | None, *, backwards: bool) -> list[int]:
        events = await event_store.read_stream(
            "order-1", after_version=after_version, limit=limit, backwards=backwards
        )
        return [event.version for event in events]

    assert await versions(0, None, backwards=False) == [1, 2, 3, 4, 5]
    assert await versions(2, 2, backwards=False) == [3, 4]
    assert await versions(0, 2, backwards=True) == [5, 4]
    assert await versions(4, None, backwards=True) == [3, 2, 1]


async def test_many_streams_are_read_at_once(event_store: EventStore) -> None:
    await appended(event_store, an_append("order-1", 0, events=3))
    await appended(event_store, an_append("order-2", 0))
    first, second = await asyncio.gather(
        event_store.read_streams({"order-1": 1, "order-2": 0, "order-3": 0}),
        event_store.read_streams({"order-1": 2, "order-2": 7}),
    )
    own = await event_store.read_stream("order-1")
    assert {stream: len(events) for stream, events in first.items()} == {
        "order-1": 2,
        "order-2": 1,
        "order-3": 0,
    }
    for found, expected in ((first["order-1"], own[1:]), (second["order-1"], own[2:])):
        assert (found.types, found.payloads, found.command_id) == (
            [event.type for event in expected],
            [event.payload for event in expected],
            expected[-1].command_id,
        )
    for nothing in (second["order-2"], first["order-3"]):
        assert (len(nothing), nothing.command_id) == (0, None)


async def test_a_stream_comes_with_its_snapshot_and_what_stands_after_it(event_store: EventStore) -> None:
    for stream in ("order-1", "order-2", "order-3"):
        await appended(event_store, an_append(stream, 0, events=3))
    for stream, version in (("order-1", 2), ("order-2", 3), ("order-3", 2)):
        await event_store.save_snapshot(stream, version, b"shape", stream.encode())
    after = {"order-1": 0, "order-2": 0, "order-3": 2, "order-4": 0}
    found = await event_store.load_streams(after, dict.fromkeys(after, b"shape"))
    assert {stream: (len(loaded.events), loaded.snapshot) for stream, loaded in found.items()} == {
        "order-1": (1, (2, b"order-1")),
        "order-2": (0, (3, b"order-2")),
        "order-3": (1, None),
        "order-4": (0, None),
    }
    own = (await event_store.read_stream("order-1"))[-1]
    events = found["order-1"].events
    assert (events.payloads, events.command_id) == ([own.payload], own.command_id)


async def test_a_hint_ends_the_wait_of_every_follower(event_store: EventStore, event_log: EventLog) -> None:
    async with event_log.hints() as one, event_log.hints() as other:
        # Both are told once that listening has begun.
        await asyncio.gather(one.wait(DEADLINE_SECONDS), other.wait(DEADLINE_SECONDS))
        waiting = asyncio.gather(one.wait(600), other.wait(600))
        async with asyncio.timeout(DEADLINE_SECONDS):
            await appended(event_store, an_append("order-1", 0))
            await waiting


@pytest.mark.parametrize(("pause_seconds", "is_one"), [(600, True), (0, False)])
async def test_appends_shortly_after_each_other_share_a_hint(
    event_store: EventStore,
    log_database: LogDatabase,
    monkeypatch: pytest.MonkeyPatch,
    *,
    pause_seconds: float,
    is_one: bool,
) -> None:
    monkeypatch.setattr("event_store.hints._PAUSE_SECONDS", pause_seconds)
    async with await psycopg.AsyncConnection.connect(log_database.admin_url, autocommit=True) as listener:
        await listener.execute("LISTEN event_log_appended")
        await appended(event_store, an_append("order-1", 0))
        hints = [hint async for hint in listener.notifies(timeout=DEADLINE_SECONDS, stop_after=1)]
        for version in range(1, 4):
            await appended(event_store, an_append("order-1", version))
            timeout = 0.05 if is_one else DEADLINE_SECONDS
            hints += [hint async for hint in listener.notifies(timeout=timeout, stop_after=1)]
    assert (len(hints) == 1) is is_one


async def test_an_append_during_the_pause_is_hinted_at_after_it(
    event_store: EventStore, event_log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("event_store.hints._PAUSE_SECONDS", 0.2)
    async with event_log.hints() as hints, asyncio.timeout(DEADLINE_SECONDS):
        await hints.wait(600)  # told that listening has begun
        for version in range(2):
            await appended(event_store, an_append("order-1", version))
            await hints.wait(600)


async def test_hints_go_on_after_the_connection_was_lost(
    event_store: EventStore, event_log: EventLog, log_database: LogDatabase
) -> None:
    async with event_log.hints() as hints:
        await hints.wait(DEADLINE_SECONDS)
        with psycopg.connect(log_database.admin_url) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE usename = 'diptych_projector' AND datname = current_database()"
            )
        async with asyncio.timeout(DEADLINE_SECONDS):
            await hints.wait(600)  # told that listening has begun again
            await appended(event_store, an_append("order-1", 0))
            await hints.wait(600)


async def test_a_wait_without_a_hint_ends_in_time(event_log: EventLog) -> None:
    async with event_log.hints() as hints, asyncio.timeout(DEADLINE_SECONDS):
        await hints.wait(DEADLINE_SECONDS)
        await hints.wait(0.01)


async def test_descriptor_sets_are_stored_once_and_read_back(
    event_store: EventStore, event_log: EventLog
) -> None:
    await event_store.register_event_types(EVENT_TYPES, descriptor_set())
    await event_store.register_event_types(EVENT_TYPES[:1], b"\n\x05another build")
    first, second = await event_log.descriptor_sets()
    assert (first.content, first.types) == (descriptor_set(), tuple(sorted(EVENT_TYPES)))
    assert (second.content, second.types) == (b"\n\x05another build", EVENT_TYPES[:1])
