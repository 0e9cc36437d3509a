"""Two projectors of one projection: one works, the other takes over, and nothing is counted twice."""

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import pytest

from read_store import ReadModelWriter, StoredDocument
from tests.postgres_server import LogDatabase
from tests.stores.account_log import read_holdings
from tests.stores.projector_world import World, a_world, running
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually

LEASE_SECONDS = "1"


@pytest.fixture
async def world(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[World]:
    async with a_world(log_database, valkey) as made:
        yield made


@pytest.fixture
async def onlooker(world: World) -> AsyncIterator[ReadModelWriter]:
    """Sees who has the lease."""
    writer = ReadModelWriter(world.valkey.projector_url, world.name)
    await writer.open()
    yield writer
    await writer.close()


@asynccontextmanager
async def projector(world: World, holder: str, *settings: Any) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that prints what becomes of its batches; settings: freezes before batch, is guarded."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.stores.projector_process"),
        *(world.database.projector_url, world.valkey.projector_url, world.name, holder, LEASE_SECONDS),
        *map(str, settings),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _is_held_by(onlooker: ReadModelWriter, holder: str) -> bool:
    return await onlooker.lease_holder() == holder


async def test_a_stand_by_takes_over_from_a_projector_that_was_killed(
    world: World, onlooker: ReadModelWriter
) -> None:
    chance = random.Random(1)  # noqa: S311 - a test's choices
    async with AsyncExitStack() as processes:
        names, running = ["one", "two"], {}
        for name in names:
            running[name] = await processes.enter_async_context(projector(world, name))
        for _ in range(4):
            appending = asyncio.create_task(world.log.append_random(chance, 400))
            holder = await eventually(onlooker.lease_holder)
            assert await world.reader.changed(world.name, after=None, timeout_seconds=DEADLINE_SECONDS)
            running[holder].kill()
            other = next(name for name in names if name != holder)
            await eventually(lambda other=other: _is_held_by(onlooker, other))  # type: ignore[misc]
            await appending
            await world.assert_equal_sums()
            running[holder] = await processes.enter_async_context(projector(world, holder))
        checkpoint = await world.reader.checkpoint(world.name)
        assert (checkpoint.generation, checkpoint.events) == (1, world.log.position)


async def _wake_a_zombie(world: World, onlooker: ReadModelWriter, *, is_guarded: bool) -> str:
    """A projector is frozen with a batch in its hands until another one has done its work; what becomes of
    the batch once it goes on."""
    await world.log.append_random(random.Random(2), 300)  # noqa: S311 - a test's choices
    async with projector(world, "zombie", 4, is_guarded) as zombie:
        for _ in range(3):
            assert (await _line_of(zombie)).isdecimal()
        async with projector(world, "heir", 0, is_guarded):
            await eventually(lambda: _is_held_by(onlooker, "heir"))
            await world.assert_equal_sums()
            zombie.send_signal(signal.SIGCONT)
            return await _line_of(zombie)


async def _line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE_SECONDS):
        return (await process.stdout.readline()).decode().strip()


async def test_a_frozen_projector_that_wakes_up_after_its_lease_writes_nothing(
    world: World, onlooker: ReadModelWriter
) -> None:
    assert await _wake_a_zombie(world, onlooker, is_guarded=True) == "Fenced"
    await world.assert_equal_sums()
    assert (await world.reader.checkpoint(world.name)).events == world.log.position


async def test_without_fence_and_checkpoint_its_batch_is_counted_twice(
    world: World, onlooker: ReadModelWriter
) -> None:
    """The sabotaged twin of the test above."""
    assert (await _wake_a_zombie(world, onlooker, is_guarded=False)).isdecimal()
    assert await read_holdings(world.reader, world.name) != world.log.holdings()


class _Sleeper(ReadModelWriter):
    """Sleeps before it reads what the first command that comes to it is about."""

    def __init__(self, url: str, projection: str) -> None:
        super().__init__(url, projection)
        self.asleep, self.woken = asyncio.Event(), asyncio.Event()

    async def documents(
        self, generation: int, wanted: Sequence[tuple[str, Sequence[str]]]
    ) -> list[list[StoredDocument | None]]:
        self.asleep.set()
        await self.woken.wait()
        return await super().documents(generation, wanted)


class _TrustingSleeper(_Sleeper):
    """Never hears that it was replaced."""

    async def renew_lease(self, token: int, seconds: float) -> bool:
        await super().renew_lease(token, seconds)
        return True


async def _sleep_while_others_work(world: World, sleeper: type[_Sleeper]) -> tuple[str, int]:
    """What a projector says that finds documents moved on by its successor; the generation in the end."""
    chance = random.Random(3)  # noqa: S311 - a test's choices
    settings: dict[str, Any] = {"lease_seconds": float(LEASE_SECONDS), "batch_limit": 1}
    await world.log.append_random(chance, 60)
    async with running(world, **settings):
        await world.assert_equal_sums()
    await world.log.append_random(chance, 60)
    async with running(world, writing_with=sleeper, holder="sleeper", **settings) as runner:
        writer = cast(_Sleeper, runner.writer)
        await asyncio.wait_for(writer.asleep.wait(), DEADLINE_SECONDS)
        async with running(world, holder="heir", **settings):
            await world.assert_equal_sums()
            writer.woken.set()

            async def complaint() -> str:
                return runner.last_error

            said = await eventually(complaint)
        await world.log.append_random(chance, 20)
        await world.assert_equal_sums()
    return said, (await world.reader.checkpoint(world.name)).generation


async def test_a_projector_takes_its_successors_work_for_no_damage(world: World) -> None:
    said, generation = await _sleep_while_others_work(world, _Sleeper)
    assert (said, generation) == ("Fenced: the lease went to another projector", 1)


async def test_without_a_look_at_its_lease_it_builds_anew_what_is_whole(world: World) -> None:
    """The sabotaged twin of the test above."""
    said, generation = await _sleep_while_others_work(world, _TrustingSleeper)
    assert said.startswith("ReadModelDamaged: gap")
    assert generation > 1
