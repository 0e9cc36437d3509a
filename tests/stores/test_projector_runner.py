"""A projection follows the log: read models equal sums made apart from it, whatever happens in between."""

import asyncio
import contextlib
import random
import sys
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from projector.projection import Projection
from projector.runner import Runner, RunnerStatus
from read_store import Connection, Document, TextPage
from tests import accounts
from tests.postgres_server import LogDatabase
from tests.stores.account_log import read_rich
from tests.stores.projector_world import World, a_world, running
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually


@pytest.fixture
async def world(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[World]:
    """An empty log, no read models."""
    async with a_world(log_database, valkey) as made:
        yield made


async def test_read_models_follow_the_log(world: World) -> None:
    chance = random.Random(1)  # noqa: S311 - a test's choices
    await world.log.append_random(chance, 1_500)
    async with running(world, batch_limit=100) as runner:
        await world.assert_equal_sums()
        for _ in range(10):
            await world.log.append_random(chance, 30)
            await world.assert_equal_sums()
        assert runner.status is RunnerStatus.RUNNING
        checkpoint = await world.reader.checkpoint(world.name)
        assert (checkpoint.events, checkpoint.lag_seconds()) == (world.log.position, 0.0)


async def test_standard_fields_are_filled_and_an_old_name_is_not_found(world: World) -> None:
    await world.log.append(("x", accounts.AccountOpened(account_id="x", owner="Zoë", cents=3)))
    await world.log.append(("x", accounts.AccountRenamed(owner="Ann")))
    async with running(world):
        await world.caught_up()
        checkpoint, row = await world.reader.read_one(world.name, Document(view="account", id="x"))
        assert row is not None
        view = accounts.AccountView.FromString(row.message)
        assert (view.owner, view.version, row.version, row.position) == ("Ann", 2, 2, 2)
        assert view.last_updated.ToDatetime() == checkpoint.as_of.replace(tzinfo=None)  # type: ignore[union-attr]
        for query, ids in (("zoe", []), ("ANN", ["x"])):
            page = TextPage(view="account", index="owner", query=query, limit=9)
            assert [row.id for row in (await world.reader.read_one(world.name, page))[1].rows] == ids


async def test_a_restart_and_another_cache_size_change_nothing(world: World) -> None:
    chance = random.Random(2)  # noqa: S311 - a test's choices
    for _ in range(4):
        await world.log.append_random(chance, 200)
        async with running(world) as runner:
            runner._follower._folder._cached_views = 10
            await world.log.append_random(chance, 200)
            await world.assert_equal_sums()


async def test_a_projector_killed_at_any_moment_leaves_the_sums_right(world: World) -> None:
    chance = random.Random(3)  # noqa: S311 - a test's choices
    arguments = (world.database.projector_url, world.valkey.projector_url, world.name)
    for kill in range(6):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.stores.projector_process", *arguments
        )
        before = (await world.reader.checkpoint(world.name)).position
        appending = asyncio.create_task(world.log.append_random(chance, 600))
        assert await world.reader.changed(world.name, after=None, timeout_seconds=DEADLINE_SECONDS)
        wanted = before + chance.randint(1, 300)
        await eventually(lambda wanted=wanted: _has_come_to(world, wanted))  # type: ignore[misc]
        process.kill()
        await process.wait()
        await appending
        assert (await world.reader.checkpoint(world.name)).generation == 1, f"kill {kill}"
    async with running(world, holder="killed"):
        await world.assert_equal_sums()


async def _has_come_to(world: World, position: int) -> bool:
    return (await world.reader.checkpoint(world.name)).position >= position


async def test_two_projectors_at_once_count_everything_once(world: World) -> None:
    chance = random.Random(4)  # noqa: S311 - a test's choices
    async with running(world, holder="one"), running(world, holder="two"):
        await world.log.append_random(chance, 400)
        await world.assert_equal_sums()
    # With one name both believe to be the other's successor: fence and checkpoint alone keep order.
    async with running(world, holder="same", batch_limit=7), running(world, holder="same", batch_limit=7):
        await world.log.append_random(chance, 400)
        await world.assert_equal_sums()


async def test_another_version_of_the_projection_starts_over_and_keeps_what_was(world: World) -> None:
    await world.log.append_random(random.Random(5), 300)  # noqa: S311 - a test's choices
    async with running(world):
        await world.assert_equal_sums()
    async with running(world, accounts.projection(world.name, version=2)) as runner:
        await eventually(lambda: _is_generation(world, 2))
        await world.assert_equal_sums()
        assert (await runner.writer.generations.kept()).previous == 1
        await eventually(lambda: _generations_are(runner, {1, 2}))


async def _is_generation(world: World, generation: int) -> bool:
    return (await world.reader.checkpoint(world.name)).generation == generation


async def _generations_are(runner: Runner, generations: set[int]) -> bool:
    return await runner.writer.generations.existing() == generations


@pytest.mark.parametrize("change", ["another epoch", "another event at the checkpoint"])
async def test_a_log_with_another_history_starts_over(world: World, change: str) -> None:
    await world.log.append_random(random.Random(6), 100)  # noqa: S311 - a test's choices
    async with running(world) as runner:
        await world.assert_equal_sums()
        with psycopg.connect(world.database.admin_url) as connection:
            if change == "another epoch":
                connection.execute("UPDATE event_log.log_head SET epoch = gen_random_uuid()")
            else:
                connection.execute("ALTER TABLE event_log.events DISABLE TRIGGER USER")
                connection.execute(
                    "UPDATE event_log.events SET event_id = gen_random_uuid() WHERE position = %s",
                    (world.log.position,),
                )
        await eventually(lambda: _is_generation(world, 2))
        world.log.epoch = (await world.event_log.head()).epoch
        await world.assert_equal_sums()
        await eventually(lambda: _generations_are(runner, {2}))


async def test_a_store_that_lost_everything_is_filled_again(
    log_database: LogDatabase, own_valkey: TestValkey
) -> None:
    async with a_world(log_database, own_valkey) as world:
        await world.log.append_random(random.Random(7), 300)  # noqa: S311 - a test's choices
        async with running(world):
            await world.assert_equal_sums()
            own_valkey.server.kill()
            for file in sorted(own_valkey.server.data.rglob("*"), reverse=True):
                file.unlink() if file.is_file() else file.rmdir()
            own_valkey.server.start()
            await eventually(lambda: _is_up(world))
            await world.assert_equal_sums()


async def _is_up(world: World) -> bool:
    with contextlib.suppress(Exception):
        return (await world.reader.checkpoint(world.name)).position == world.log.position
    return False


async def test_a_failing_event_is_never_skipped_and_all_before_it_is_applied(world: World) -> None:
    is_broken = True

    def evolve(view: Any, event: Any) -> Any:
        if is_broken and isinstance(event, accounts.AccountRenamed):
            raise RuntimeError("content that must not show")
        return accounts.evolve(view, event)

    for number in range(50):
        id_ = f"a{number}"
        await world.log.append((id_, accounts.AccountOpened(account_id=id_, owner="A", cents=1)))
    await world.log.append(("a9", accounts.AccountRenamed(owner="B")), ("a9", accounts.CentsMoved(cents=5)))
    async with running(world, accounts.projection(world.name, evolve_with=evolve)) as runner:
        await eventually(lambda: _has_status(runner, RunnerStatus.ERROR))
        assert (await world.reader.checkpoint(world.name)).position == 50
        assert (
            "test.accounts.v1.AccountRenamed at position 51 of account-a9: RuntimeError" in runner.last_error
        )
        assert "content" not in runner.last_error
        is_broken = False
        await world.assert_equal_sums()
        await eventually(lambda: _has_status(runner, RunnerStatus.RUNNING))
        assert runner.last_error == ""


async def test_a_score_that_would_be_rounded_is_refused(world: World) -> None:
    await world.log.append(("a", accounts.AccountOpened(account_id="a", owner="A", cents=2**53)))
    await world.log.append(("a", accounts.CentsMoved(cents=1)))
    async with running(world) as runner:
        await eventually(lambda: _has_status(runner, RunnerStatus.ERROR))
        assert "ScoreTooLarge" in runner.last_error
        assert await read_rich(world.reader, world.name) == [(2**53, "a")]


async def test_an_event_type_that_is_not_listed_is_an_error(world: World) -> None:
    await world.log.append(("a", accounts.AccountOpened(account_id="a", owner="A", cents=1)))
    known = accounts.projection(world.name)
    unaware = Projection(name=known.name, version=1, read_models=known.read_models, events=known.events[1:])
    async with running(world, unaware) as runner:
        await eventually(lambda: _has_status(runner, RunnerStatus.ERROR))
        assert "UnknownEventType" in runner.last_error


async def _has_status(runner: Runner, status: RunnerStatus) -> bool:
    return runner.status is status


async def test_a_pause_holds_over_restarts_until_it_is_resumed(world: World) -> None:
    await world.log.append_random(random.Random(8), 50)  # noqa: S311 - a test's choices
    async with running(world) as runner:
        await world.caught_up()
        await runner.set_paused(True)
        await eventually(lambda: _has_status(runner, RunnerStatus.PAUSED))
        stood_at = world.log.position
        await world.log.append_random(random.Random(8), 50)  # noqa: S311 - a test's choices
    async with running(world) as runner:
        await eventually(lambda: _has_status(runner, RunnerStatus.PAUSED))
        checkpoint = await world.reader.checkpoint(world.name)
        assert (checkpoint.position, checkpoint.head) == (stood_at, world.log.position)
        assert checkpoint.lag_seconds() > 0
        await runner.set_paused(False)
        await world.assert_equal_sums()


async def test_an_ask_for_the_head_is_answered_from_the_log(world: World) -> None:
    await world.log.append_random(random.Random(9), 50)  # noqa: S311 - a test's choices
    async with running(world):
        assert await eventually(lambda: _head_asked(world)) == (world.log.epoch, world.log.position)


async def _head_asked(world: World) -> Any:
    """None while nobody listens for asks yet."""
    with contextlib.suppress(TimeoutError):
        return await world.reader.ask_head(world.name, DEADLINE_SECONDS)
    return None


async def test_a_log_that_went_away_is_followed_again(world: World) -> None:
    await world.log.append_random(random.Random(10), 50)  # noqa: S311 - a test's choices
    async with running(world):
        await world.caught_up()
        with psycopg.connect(world.database.admin_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert (await world.reader.checkpoint(world.name)).position == world.log.position
        await eventually(lambda: _appended(world))
        await world.assert_equal_sums()


async def _appended(world: World) -> bool:
    before = world.log.position
    with contextlib.suppress(Exception):
        await world.log.append((f"late{before}", accounts.AccountOpened(account_id="x", owner="C", cents=5)))
    return world.log.position > before


async def test_a_checkpoint_that_parted_from_its_data_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the kills: had a crash torn checkpoint and data apart, the versions would say so."""
    # Nobody looks at the seal, nor whether the data has gone on.
    monkeypatch.setattr("read_store.checkpoint._seal", lambda fields: fields[b"seal"])
    monkeypatch.setattr("read_store.ReadModelWriter.newest_change", _nothing_changed)
    await world.log.append_random(random.Random(11), 100)  # noqa: S311 - a test's choices
    async with running(world):
        await world.assert_equal_sums()
    admin = Connection(world.valkey.admin_url)
    await admin.open()
    page = await world.event_log.read(0, limit=40)
    checkpoint = f"diptych:{{{world.name}:0}}:g1:checkpoint"
    await admin.call("HSET", checkpoint, "position", "40", "anchor", page.events[-1].event_id.hex)
    await admin.close()
    async with running(world) as runner:
        await eventually(lambda: _has_noticed(runner))
        await eventually(lambda: _is_generation(world, 2))
        await world.assert_equal_sums()


async def _has_noticed(runner: Runner) -> bool:
    return "ReadModelDamaged: gap" in runner.last_error


async def _nothing_changed(*_: object) -> int:
    return 0
