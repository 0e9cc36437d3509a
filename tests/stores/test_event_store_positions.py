"""Positions have no gaps and follow commit order, whoever writes and whatever dies meanwhile."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest

from event_store import Appended, EventLog, EventStore, Outcome
from event_store import store as event_store_module
from event_store.connections import Connections
from tests.postgres_server import EVENT_TYPES, LogDatabase, descriptor_set
from tests.stores.appends import an_append
from tests.stores.log_checks import Follower, violations
from tests.stores.writers import WriterProcess, sabotage, writer_process
from tests.waiting import eventually

_HEAD_LOCKED = "FROM event_log.log_head AS h FOR UPDATE;"
_NUMBERED = "IF log_position > first_position THEN"
# One stream's append has its numbers and is not visible yet, for as long as the test holds a lock.
HELD = (
    _NUMBERED,
    f"PERFORM pg_advisory_xact_lock_shared(7) WHERE 'held-1' = ANY (streams); {_NUMBERED}",
)
# The log as a sequence would number it: no head row, so commits overtake each other.
NUMBERED_BY_SEQUENCE = (
    (_HEAD_LOCKED, "FROM event_log.log_head AS h;"),
    ("log_position := log_position + 1;", "log_position := nextval('event_log.sabotage');"),
    ("SET position = log_position,", "SET position = greatest(h.position, log_position),"),
)


async def _write_and_follow(
    database: LogDatabase,
    *,
    disturb: Callable[[list[WriterProcess]], asyncio.Task[None]] | None = None,
) -> list[str]:
    """What is wrong with a log that three processes wrote to; who disturbs kills the first of them."""
    follower = Follower(database.projector_url)
    following = asyncio.create_task(follower.follow())
    async with AsyncExitStack() as stack:
        writers = [
            await stack.enter_async_context(
                # One that is to be killed never comes to its end by itself.
                writer_process(
                    database, f"writer {n}", callers=24, appends=10_000 if disturb and n == 0 else 20
                )
            )
            for n in range(3)
        ]
        disturbing = disturb(writers) if disturb else None
        codes = [await writer.ended() for writer in writers]
        if disturbing:
            await disturbing
    assert codes.count(0) == (2 if disturb else 3), codes
    follower.finish()
    await following
    acknowledged = [command_id for writer in writers for command_id in writer.acknowledged]
    assert len(acknowledged) >= 2 * 24 * 20
    return violations(database.admin_url, acknowledged=acknowledged, followed=follower.positions)


async def test_positions_have_no_gaps_and_no_reader_misses_one(log_database: LogDatabase) -> None:
    assert await _write_and_follow(log_database) == []


async def test_killed_writers_and_cut_connections_leave_no_gap(
    log_database: LogDatabase,
) -> None:
    async def kill_and_cut(writers: list[WriterProcess]) -> None:
        for acknowledged in (40, 100, 160, 220):
            await writers[0].until_acknowledged(acknowledged)
            with psycopg.connect(log_database.admin_url) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = 'diptych_writer' AND datname = current_database()"
                )
        writers[0].kill()

    found = await _write_and_follow(
        log_database, disturb=lambda writers: asyncio.create_task(kill_and_cut(writers))
    )
    assert found == []


async def _overtaken(database: LogDatabase, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is wrong with a log of two appends, and with what a reader saw of it.

    The first append has its number and is held; the second one comes; the reader looks; the first goes on.
    """
    monkeypatch.setattr(event_store_module, "Connections", _patient)
    stores, log = [EventStore(database.writer_url) for _ in range(2)], EventLog(database.projector_url)
    for store in stores:
        await store.register_event_types(EVENT_TYPES, descriptor_set())
    with psycopg.connect(database.admin_url) as lock:
        lock.execute("SELECT pg_advisory_xact_lock(7)")
        held = asyncio.create_task(stores[0].append(an_append("held-1", 0)))
        await eventually(lambda: _are_waiting(database, 1))
        other = asyncio.create_task(stores[1].append(an_append("other-1", 0)))
        await eventually(lambda: _is_done_or_waits(other, database))
        followed = await _positions_after(log, 0)
    assert [type(await append) for append in (held, other)] == [Appended, Appended]
    followed += await _positions_after(log, max(followed, default=0))
    for store in stores:
        await store.close()
    await log.close()
    return violations(database.admin_url, followed=followed)


def _patient(url: str, **settings: Any) -> Connections:
    """Connections whose statements wait for as long as a test takes."""
    return Connections(url, **{**settings, "statement_seconds": 120, "lock_seconds": 120})


async def _are_waiting(database: LogDatabase, count: int) -> bool:
    with psycopg.connect(database.admin_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
    return row == (count,)


async def _is_done_or_waits(append: asyncio.Task[Outcome], database: LogDatabase) -> bool:
    return append.done() or await _are_waiting(database, 2)


async def _positions_after(log: EventLog, position: int) -> list[int]:
    return [event.position for event in (await log.read(position)).events]


async def test_a_number_taken_earlier_is_never_visible_later(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    sabotage(log_database, HELD)
    assert await _overtaken(log_database, monkeypatch) == []


async def test_twin_numbers_from_a_sequence_make_readers_miss_events(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    sabotage(log_database, HELD, *NUMBERED_BY_SEQUENCE)
    found = await _overtaken(log_database, monkeypatch)
    assert "a reader missed 1 of 2 positions" in found
