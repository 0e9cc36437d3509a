"""An append that follows others is in the log only after all of them, whatever the versions say."""

import asyncio

import pytest

from event_store import Append, Appended, Duplicate, EventStore, Outcome, PredecessorFailed, WrongVersion
from event_store import writer as event_store_writer
from tests.postgres_server import LogDatabase
from tests.stores.appends import an_append, appended
from tests.stores.writers import sabotage

# The database no longer looks at what became of the commands that one follows.
FOLLOWED_UNCHECKED = ("IF outcomes[followed[f]] <> 0 THEN", "IF false THEN")


async def _together(store: EventStore, *appends: Append) -> list[type[Outcome]]:
    return [type(outcome) for outcome in await asyncio.gather(*(store.append(each) for each in appends))]


async def _on_another_process_version(store: EventStore) -> list[type[Outcome]]:
    """The first was to write version 2, which another has written; the second is decided on version 2."""
    await appended(store, an_append("order-1", 0))
    await appended(store, an_append("order-1", 1))
    first = an_append("order-1", 1)
    second = an_append("order-1", 2, follows=(first.attempt,))
    third = an_append("order-1", 3, follows=(second.attempt,))
    return await _together(store, first, second, third)


async def test_what_follows_a_failed_append_fails_in_the_same_group(event_store: EventStore) -> None:
    assert await _on_another_process_version(event_store) == [
        WrongVersion,
        PredecessorFailed,
        PredecessorFailed,
    ]


async def test_twin_versions_alone_let_it_pass(log_database: LogDatabase, event_store: EventStore) -> None:
    sabotage(log_database, FOLLOWED_UNCHECKED)
    assert await _on_another_process_version(event_store) == [WrongVersion, Appended, Appended]


async def test_what_follows_an_append_that_failed_before_is_not_sent(event_store: EventStore) -> None:
    await appended(event_store, an_append("order-1", 0))
    first = an_append("order-1", 0)
    assert isinstance(await event_store.append(first), WrongVersion)
    second = an_append("order-2", 0, follows=(first.attempt,))
    third = an_append("order-3", 0, follows=(second.attempt,))
    free = an_append("order-4", 0)
    assert await _together(event_store, second, third, free) == [
        PredecessorFailed,
        PredecessorFailed,
        Appended,
    ]


async def test_twin_what_is_sent_all_the_same_is_appended(
    event_store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_store_writer, "followed_places", lambda appends: [[] for _ in appends])
    await appended(event_store, an_append("order-1", 0))
    first = an_append("order-1", 0)
    assert isinstance(await event_store.append(first), WrongVersion)
    assert await _together(event_store, an_append("order-2", 0, follows=(first.attempt,))) == [Appended]


async def test_what_follows_appended_ones_is_appended(event_store: EventStore) -> None:
    before = an_append("order-1", 0)
    await appended(event_store, before)
    first = an_append("order-1", 1, follows=(before.attempt,))
    second = an_append("order-2", 0, follows=(before.attempt, first.attempt))
    third = an_append("order-1", 2, follows=(second.attempt, first.attempt))
    assert await _together(event_store, first, second, third) == [Appended] * 3


async def test_an_append_stored_before_is_followed_by_nothing(event_store: EventStore) -> None:
    """The log has its events, but not as this attempt was to write them."""
    stored = an_append("order-1", 0)
    await appended(event_store, stored)
    again = an_append("order-1", 1, command_id=stored.command_id)
    second = an_append("order-1", 1, follows=(again.attempt,))
    assert await _together(event_store, again, second) == [Duplicate, PredecessorFailed]
    assert await _together(event_store, an_append("order-1", 1, follows=(again.attempt,))) == [
        PredecessorFailed
    ]


async def test_what_a_broken_append_takes_along_is_only_what_follows_it(event_store: EventStore) -> None:
    broken = an_append("order-1", 0, correlation_id="\0")
    second = an_append("order-1", 1, follows=(broken.attempt,))
    free = an_append("order-2", 0)
    outcomes = await asyncio.gather(
        *(event_store.append(each) for each in (broken, second, free)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes[1:]] == [PredecessorFailed, Appended]
