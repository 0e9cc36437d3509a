"""Stories in which only a guard of the write side keeps the log from a wrong.

Each brings the system to where the guard is needed and lets it go on; what is wrong without the guard is
then there for good, for the checker to see.
"""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.faults.sabotage import goods
from tests.faults.sabotage.trial import TRIES, Trial
from tests.waiting import eventually


async def a_command_of_which_the_answer_was_lost(trial: Trial) -> None:
    """Accepted, its process killed before the answer, and so sent once more."""
    trial.start(write_service="reply.before_send=kill@2")
    client = await trial.client("a")
    await client.command(goods.register("mug"), tries=TRIES)
    delivery = goods.receive("mug", "delivery")
    assert not await client.command(delivery, tries=1), "the answer was not lost"
    trial.restart("write_service")
    await client.command(goods.receive("mug", "another delivery"), tries=TRIES)
    await client.command(delivery, tries=TRIES)


async def a_command_id_with_two_contents(trial: Trial) -> None:
    """Another content under an id that was accepted."""
    trial.start(write_service="")
    client = await trial.client("a")
    await client.command(goods.register("mug"), tries=TRIES)
    await client.command(goods.receive("mug", "delivery", 5), tries=TRIES)
    await client.command(goods.receive("mug", "delivery", 7), tries=TRIES)


async def an_append_that_ends_between_its_numbers_and_its_commit(trial: Trial) -> None:
    """One has its numbers and is held up; another one appends meanwhile; the first one's session ends."""
    trial.start(write_service="", second_write_service="")
    first, second = await trial.client("a"), await trial.client("b", write="second_write_service")
    await first.command(goods.register("mug"), tries=TRIES)
    await second.command(goods.register("tin"), tries=TRIES)
    with _command_held_up(trial, "held up") as connection:
        slow = asyncio.create_task(first.command(goods.receive("mug", "held up"), tries=TRIES))
        [held_up] = await eventually(lambda: _waiting(connection, 1))
        quick = asyncio.create_task(second.command(goods.receive("tin", "quick"), tries=TRIES))

        async def quick_one_is_done_or_waits() -> bool:
            return quick.done() or bool(await _waiting(connection, 2))

        await eventually(quick_one_is_done_or_waits)
        connection.execute("SELECT pg_terminate_backend(%s, 60000)", (held_up,))
    await asyncio.gather(slow, quick)


@contextmanager
def _command_held_up(trial: Trial, label: str) -> Iterator["psycopg.Connection[Any]"]:
    """Within the block no append of the command gets beyond storing its id: somebody else is about to."""
    with psycopg.connect(trial.database.admin_url) as holding:
        holding.execute(
            "INSERT INTO event_log.commands VALUES (%s, '', '', '', 0, 0, now())", (goods.command_id(label),)
        )
        with psycopg.connect(trial.database.admin_url, autocommit=True) as connection:
            yield connection
        holding.rollback()


async def _waiting(connection: "psycopg.Connection[Any]", count: int) -> list[int]:
    """The sessions of write services that wait for a lock, once there are so many."""
    rows = connection.execute(
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock' AND usename = 'diptych_writer'"
    ).fetchall()
    return [row[0] for row in rows] if len(rows) >= count else []


async def a_decision_on_what_another_writer_has_just_changed(trial: Trial) -> None:
    """To one write service a customer is active; another one suspends them; the first one takes an order."""
    trial.start(write_service="", second_write_service="")
    first, second = await trial.client("a"), await trial.client("b", write="second_write_service")
    for command in (goods.register("mug"), goods.receive("mug", "delivery"), goods.enter("ann")):
        await first.command(command, tries=TRIES)
    await first.command(goods.order("o1", "ann", "mug"), tries=TRIES)
    await second.command(goods.suspend("ann"), tries=TRIES)
    await first.command(goods.order("o2", "ann", "mug"), tries=TRIES)


async def a_crash_of_postgres_under_an_eager_setting(trial: Trial) -> None:
    """Somebody has set synchronous_commit to off; a command is acknowledged, and the server dies at once."""
    with psycopg.connect(trial.database.admin_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE diptych_writer SET synchronous_commit = off")
    trial.start(write_service="")
    client = await trial.client("a")
    await client.command(goods.register("mug"), tries=TRIES)
    with psycopg.connect(trial.database.admin_url, autocommit=True) as connection:
        # What is committed without a flush so far; from here on only who commits may write.
        connection.execute("CHECKPOINT")
        idle = [_backend(connection, kind) for kind in ("walwriter", "checkpointer", "background writer")]
    for pid in idle:
        os.kill(pid, signal.SIGSTOP)
    await client.command(goods.receive("mug", "delivery"), tries=TRIES)
    _crash(trial, idle)
    await client.command(goods.receive("mug", "another delivery"), tries=TRIES)


def _backend(connection: "psycopg.Connection[Any]", kind: str) -> int:
    row = connection.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = %s", (kind,)).fetchone()
    assert row is not None, f"no {kind}"
    return int(row[0])


def _crash(trial: Trial, stopped: list[int]) -> None:
    server = trial.database.server
    server.kill()
    for pid in stopped:
        # Who stands still does not see that the server is gone, and would keep its memory.
        os.kill(pid, signal.SIGKILL)
    server.start()
    with psycopg.connect(trial.database.admin_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE diptych_writer RESET synchronous_commit")
