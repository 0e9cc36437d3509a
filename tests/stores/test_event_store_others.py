"""What other processes append between two groups of one's own is told, so that states need not grow old."""

from collections.abc import Sequence

import pytest

from event_store import EventStore, HistoryReplaced, OthersEvent
from tests.postgres_server import LogDatabase
from tests.stores.appends import an_append, appended
from tests.stores.restores import put_back, trust_every_history
from tests.waiting import eventually


def _told(store: EventStore) -> list[tuple[str, int]]:
    """Stream and version of all that the store tells, which grows."""
    told: list[tuple[str, int]] = []

    def listen(events: Sequence[OthersEvent]) -> None:
        told.extend((event.stream, event.version) for event in events)

    store.follow_others(listen)
    return told


async def _read(store: EventStore) -> bool:
    return store._others._task is None


async def test_what_another_process_appended_is_told_in_its_order(
    event_store: EventStore, other_store: EventStore
) -> None:
    told = _told(event_store)
    await appended(event_store, an_append("order-1", 0))
    await appended(other_store, an_append("order-1", 1, events=2))
    await appended(other_store, an_append("order-2", 0))
    await appended(event_store, an_append("order-3", 0, events=2))
    await eventually(lambda: _read(event_store))
    assert told == [("order-1", 2), ("order-1", 3), ("order-2", 1)]
    await appended(event_store, an_append("order-3", 2))
    await appended(other_store, an_append("order-2", 1))
    await appended(event_store, an_append("order-3", 3))
    await eventually(lambda: _read(event_store))
    assert told[3:] == [("order-2", 2)]


async def test_a_process_with_a_small_part_in_the_log_does_not_read_all_of_it(
    event_store: EventStore, other_store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("event_store.others._MOST_EVENTS", 2)
    told = _told(event_store)
    await appended(event_store, an_append("order-1", 0))
    await appended(other_store, an_append("order-2", 0, events=3))
    await appended(event_store, an_append("order-1", 1))
    await eventually(lambda: _read(event_store))
    assert told == []


async def _told_of_a_restored_log(store: EventStore, other: EventStore, database: LogDatabase) -> bool:
    """Whether anything is told when the log is put back after the group and before the reading."""
    await appended(store, an_append("order-1", 0))
    await appended(other, an_append("order-2", 0))
    await appended(store, an_append("order-1", 1))
    put_back(database, 2)
    told = _told(store)
    try:
        await store._others._read([(1, 2)])
    except HistoryReplaced:
        assert store.histories == 1
    return bool(told)


async def test_nothing_is_told_of_another_history(
    event_store: EventStore, other_store: EventStore, log_database: LogDatabase
) -> None:
    assert not await _told_of_a_restored_log(event_store, other_store, log_database)


async def test_twin_without_the_check_another_history_is_told(
    event_store: EventStore, other_store: EventStore, log_database: LogDatabase
) -> None:
    trust_every_history(log_database)
    assert await _told_of_a_restored_log(event_store, other_store, log_database)
