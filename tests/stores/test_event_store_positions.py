"""Positions have no gaps and follow commit order, whoever writes and whatever dies meanwhile."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import psycopg

from tests.postgres_server import LogDatabase
from tests.stores.log_checks import Follower, violations
from tests.stores.writers import WriterProcess, sabotage, writer_process

# The log as a sequence would number it: no head row, so commits overtake each other.
NUMBERED_BY_SEQUENCE = (
    ("FROM event_log.log_head AS h FOR UPDATE;", "FROM event_log.log_head AS h;"),
    ("log_position := log_position + 1;", "log_position := nextval('event_log.sabotage');"),
    ("SET position = log_position,", "SET position = greatest(h.position, log_position),"),
    (
        "RETURN QUERY SELECT a.outcome",
        "PERFORM pg_sleep(random() * 0.005);\n    RETURN QUERY SELECT a.outcome",
    ),
)


async def _write_and_follow(
    database: LogDatabase,
    *,
    disturb: Callable[[list[WriterProcess]], asyncio.Task[None]] | None = None,
    share_streams: bool = True,
) -> list[str]:
    follower = Follower(database.projector_url)
    following = asyncio.create_task(follower.follow())
    async with AsyncExitStack() as stack:
        writers = [
            await stack.enter_async_context(
                writer_process(
                    database,
                    f"writer {n}",
                    callers=24,
                    appends=20,
                    streams="hot" if share_streams else f"own{n}",
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


async def test_twin_numbers_from_a_sequence_make_readers_miss_events(log_database: LogDatabase) -> None:
    sabotage(log_database, *NUMBERED_BY_SEQUENCE)
    # Each writer has streams of its own: in shared ones unique (stream, version) would stop them first.
    found = await _write_and_follow(log_database, share_streams=False)
    assert any("a reader missed" in violation for violation in found), found
