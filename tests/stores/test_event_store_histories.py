"""A log that was restored is told from the one that was seen before, whatever its versions look like."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from event_store import Appended, EventLog, EventStore, HistoryReplaced, begin_epoch
from tests.postgres_server import LogDatabase
from tests.stores.appends import an_append, appended
from tests.stores.restores import put_back, trust_every_history


async def _restored(database: LogDatabase, store: EventStore, other: EventStore) -> None:
    """The second event of a stream that `store` has seen is another one now, at the same version."""
    await appended(store, an_append("order-1", 0))
    await appended(store, an_append("order-1", 1))
    put_back(database, 1)
    await appended(other, an_append("order-1", 1))


Use = Callable[[EventStore], Awaitable[Any]]
USES: tuple[Use, ...] = (
    lambda store: store.append(an_append("order-1", 2)),
    lambda store: store.append(an_append("order-2", 0)),
    lambda store: store.read_streams({"order-1": 2}),
    lambda store: store.load_streams({"order-1": 0}, {"order-1": b"shape"}),
    lambda store: store.check(an_append("order-1", 0).command_id, ["order-1"]),
)


@pytest.mark.parametrize("use", USES)
async def test_whatever_touches_a_restored_log_first_says_so(
    log_database: LogDatabase, event_store: EventStore, other_store: EventStore, use: Use
) -> None:
    await _restored(log_database, event_store, other_store)
    told: list[int] = []
    event_store.when_replaced(lambda: told.append(event_store.histories))
    with pytest.raises(HistoryReplaced):
        await use(event_store)
    assert told == [1]
    await use(event_store)
    assert told == [1]


@pytest.mark.parametrize("use", USES)
async def test_without_the_check_a_restored_log_is_taken_for_the_old_one(
    log_database: LogDatabase, event_store: EventStore, other_store: EventStore, use: Use
) -> None:
    """The sabotaged twin: the versions are the same, so nothing else can tell."""
    trust_every_history(log_database)
    await _restored(log_database, event_store, other_store)
    await use(event_store)
    assert event_store.histories == 0


async def test_nothing_is_appended_that_was_decided_on_what_is_gone(
    log_database: LogDatabase, event_store: EventStore, other_store: EventStore
) -> None:
    await _restored(log_database, event_store, other_store)
    with pytest.raises(HistoryReplaced):
        await event_store.append(an_append("order-1", 2))
    assert (await other_store.check(an_append("order-1", 0).command_id, ["order-1"]))[1] == {"order-1": 2}


async def _handed_over_before(store: EventStore) -> Any:
    first = store.submit(an_append("order-1", 2))
    # The first one's group is taken; the other waits for the next.
    await asyncio.sleep(0)
    second = store.submit(an_append("order-2", 0))
    return await asyncio.gather(first, second, return_exceptions=True)


async def test_what_waited_meanwhile_is_refused_too(
    log_database: LogDatabase, event_store: EventStore, other_store: EventStore
) -> None:
    await _restored(log_database, event_store, other_store)
    outcomes = await _handed_over_before(event_store)
    assert [type(outcome) for outcome in outcomes] == [HistoryReplaced, HistoryReplaced]


async def test_without_its_number_what_waited_gets_in(
    log_database: LogDatabase,
    event_store: EventStore,
    other_store: EventStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sabotaged twin: an append does not remember on which history it was decided."""
    await _restored(log_database, event_store, other_store)
    replaced = type(event_store._history).replaced

    def unnumbered(history: Any, known: Any) -> HistoryReplaced:
        error = replaced(history, known)
        history.number = 0
        return error

    monkeypatch.setattr(type(event_store._history), "replaced", unnumbered)
    outcomes = await _handed_over_before(event_store)
    assert [type(outcome) for outcome in outcomes] == [HistoryReplaced, Appended]


async def test_a_snapshot_of_what_is_gone_is_not_kept(
    log_database: LogDatabase, event_store: EventStore, other_store: EventStore
) -> None:
    await _restored(log_database, event_store, other_store)
    await event_store.save_snapshot("order-1", 2, b"shape", b"state")
    loaded = await other_store.load_streams({"order-1": 0}, {"order-1": b"shape"})
    assert loaded["order-1"].snapshot is None


async def test_a_restore_behind_all_that_was_seen_is_none(
    log_database: LogDatabase, event_store: EventStore, other_store: EventStore
) -> None:
    await appended(event_store, an_append("order-1", 0))
    await appended(other_store, an_append("order-2", 0))
    put_back(log_database, 1)
    await appended(event_store, an_append("order-1", 1))
    with pytest.raises(HistoryReplaced):
        await other_store.append(an_append("order-2", 1))


async def test_a_new_epoch_remembers_where_the_old_one_ended(
    log_database: LogDatabase, event_store: EventStore, event_log: EventLog
) -> None:
    first = await appended(event_store, an_append("order-1", 0))
    begun = await begin_epoch(log_database.admin_url)
    assert (begun.ended_epoch, begun.last_common_position) == (first.epoch, 1)
    second = await appended(event_store, an_append("order-1", 1))
    assert (second.epoch, second.position) == (begun.epoch, 2)
    again = await begin_epoch(log_database.admin_url)
    assert await event_log.past_epochs() == {first.epoch: 1, begun.epoch: 2}
    assert (await event_log.head()).epoch == again.epoch


async def test_neither_role_may_begin_an_epoch(log_database: LogDatabase) -> None:
    for url in (log_database.writer_url, log_database.projector_url):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await begin_epoch(url)
