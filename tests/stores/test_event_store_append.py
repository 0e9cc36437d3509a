"""Appending: each command of a group keeps its own outcome, and a command is whole or not at all."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from event_store import (
    Append,
    Appended,
    Duplicate,
    EventStore,
    NewEvent,
    StreamRead,
    UnregisteredEventType,
    WrongVersion,
)
from tests.postgres_server import LogDatabase
from tests.stores.appends import an_append, an_event, appended
from tests.stores.log_checks import violations


async def test_versions_count_within_a_stream_and_positions_in_the_log(
    event_store: EventStore,
) -> None:
    first = await appended(event_store, an_append("order-1", 0, events=2))
    second = await appended(event_store, an_append("order-2", 0))
    third = await appended(event_store, an_append("order-1", 2))
    assert [(stored.version, stored.position) for stored in (first, second, third)] == [
        (2, 2),
        (1, 3),
        (3, 4),
    ]
    assert first.epoch == third.epoch
    assert first.recorded_at <= second.recorded_at <= third.recorded_at


async def test_an_append_to_several_streams_is_atomic(event_store: EventStore) -> None:
    await appended(event_store, an_append("product-1", 0))
    refused = await event_store.append(an_append("order-1", 0, also={"product-1": 0}))
    assert refused == WrongVersion(stream="product-1", expected=0, actual=1)
    assert await event_store.read_stream("order-1") == []
    stored = await appended(event_store, an_append("order-1", 0, also={"product-1": 1}))
    assert (stored.stream, stored.version, stored.position) == ("order-1", 1, 3)
    assert [event.version for event in await event_store.read_stream("product-1")] == [1, 2]


async def test_a_stream_that_was_only_read_is_checked_too(event_store: EventStore) -> None:
    await appended(event_store, an_append("customer-1", 0))
    stale = await event_store.append(an_append("order-1", 0, reads={"customer-1": 0}))
    assert stale == WrongVersion(stream="customer-1", expected=0, actual=1)
    missing = await event_store.append(an_append("order-1", 0, reads={"customer-2": 3}))
    assert missing == WrongVersion(stream="customer-2", expected=3, actual=0)
    await appended(event_store, an_append("order-1", 0, reads={"customer-1": 1}))


async def test_a_refused_command_leaves_its_neighbours_alone(
    event_store: EventStore, log_database: LogDatabase
) -> None:
    known = an_append("order-known", 0)
    await appended(event_store, known)
    group = [an_append(f"order-{number}", 0) for number in range(30)]
    group[7] = an_append("order-7", 9)
    group[11] = known
    group[13] = an_append("order-6", 0)  # an earlier neighbour of the same group has taken version 1
    outcomes = await asyncio.gather(*(event_store.append(append) for append in group))
    assert outcomes[7] == WrongVersion(stream="order-7", expected=9, actual=0)
    assert isinstance(outcomes[11], Duplicate)
    assert outcomes[13] == WrongVersion(stream="order-6", expected=0, actual=1)
    accepted = [outcome for outcome in outcomes if isinstance(outcome, Appended)]
    assert [outcome.stored.position for outcome in accepted] == list(range(2, 29))
    assert violations(log_database.admin_url) == []


async def test_what_cannot_be_stored_fails_alone(event_store: EventStore, log_database: LogDatabase) -> None:
    group = [an_append(f"order-{number}", 0) for number in range(9)]
    group[4] = an_append("order-\0", 0)
    outcomes = await asyncio.gather(*(event_store.append(append) for append in group), return_exceptions=True)
    assert isinstance(outcomes.pop(4), psycopg.Error)
    assert all(isinstance(outcome, Appended) for outcome in outcomes)
    assert violations(log_database.admin_url) == []


async def test_callers_of_one_moment_share_a_transaction(
    event_store: EventStore, log_database: LogDatabase
) -> None:
    await asyncio.gather(*(event_store.append(an_append(f"order-{n}", 0)) for n in range(300)))
    with psycopg.connect(log_database.admin_url) as connection:
        row = connection.execute("SELECT count(DISTINCT xmin::text) FROM event_log.events").fetchone()
    assert row == (1,)


async def test_a_caller_that_gave_up_before_its_turn_leaves_no_trace(event_store: EventStore) -> None:
    first = asyncio.create_task(event_store.append(an_append("order-1", 0)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the first is on its way, alone
    given_up, waiting = (asyncio.create_task(event_store.append(an_append(f"order-{n}", 0))) for n in (2, 3))
    await asyncio.sleep(0)
    given_up.cancel()
    assert isinstance(await first, Appended)
    assert isinstance(await waiting, Appended)
    assert await event_store.read_stream("order-2") == []


async def test_an_append_on_its_way_goes_on_when_its_caller_gives_up(event_store: EventStore) -> None:
    append = an_append("order-1", 0)
    task = asyncio.create_task(event_store.append(append))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    # The next append waits for the connection, so by then the fate of the first is known.
    await appended(event_store, an_append("order-2", 0))
    stored, versions = await event_store.check(append.command_id, ["order-1"])
    assert versions == {"order-1": 1 if stored else 0}
    assert stored is not None


async def test_a_type_that_nobody_registered_is_refused(event_store: EventStore) -> None:
    unknown = Append(
        command_id=uuid4(),
        fingerprint=b"",
        response=b"",
        stream="order-1",
        reads=(StreamRead(stream="order-1", version=0),),
        events=(NewEvent(stream="order-1", category="order", type="test.v1.Unknown", payload=b""),),
        actor="tester",
    )
    with pytest.raises(UnregisteredEventType, match=r"test\.v1\.Unknown"):
        await event_store.append(unknown)


def test_a_stream_written_without_being_read_is_refused() -> None:
    with pytest.raises(ValueError, match="product-1"):
        Append(
            command_id=uuid4(),
            fingerprint=b"",
            response=b"",
            stream="order-1",
            reads=(StreamRead(stream="order-1", version=0),),
            events=(an_event("product-1"),),
            actor="tester",
        )


async def test_the_newest_snapshot_of_a_shape_is_kept(event_store: EventStore) -> None:
    await event_store.save_snapshot("order-1", 100, b"shape", b"at 100")
    await event_store.save_snapshot("order-1", 50, b"shape", b"late, at 50")
    assert await _snapshots(event_store, b"shape") == {"order-1": (100, b"at 100"), "order-2": None}
    await event_store.save_snapshot("order-1", 70, b"other shape", b"at 70")
    assert (await _snapshots(event_store, b"shape"))["order-1"] is None
    assert (await _snapshots(event_store, b"other shape"))["order-1"] == (70, b"at 70")


async def _snapshots(event_store: EventStore, shape: bytes) -> dict[str, tuple[int, bytes] | None]:
    streams = ("order-1", "order-2")
    found = await event_store.load_streams(dict.fromkeys(streams, 0), dict.fromkeys(streams, shape))
    return {stream: loaded.snapshot for stream, loaded in found.items()}
