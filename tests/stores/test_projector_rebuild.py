"""A generation fills beside the live one, is held against it, and takes its place in one step."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2

from failpoints import REACHED
from projector import rebuild_service
from projector.generations import drop_old_generations
from projector.runner import Runner, RunnerStatus
from read_store import (
    Batch,
    FillingState,
    ReadModelWriter,
)
from service_kit.errors import ServiceError
from tests import accounts
from tests.postgres_server import LogDatabase
from tests.stores import damage
from tests.stores.projector_world import World, a_world, eager, running
from tests.stores.rebuilding_process import started
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually


@pytest.fixture
async def world(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[World]:
    """A log of many accounts, no read models."""
    async with a_world(log_database, valkey) as made:
        await made.log.append_random(random.Random(1), 300)  # noqa: S311 - a test's choices
        yield made


async def _states(runner: Runner, *, activates: bool = True) -> list[Any]:
    return [shown.state async for shown in rebuild_service.rebuild([runner], activates=activates)]


async def _generation(world: World) -> int:
    return (await world.reader.checkpoint(world.name)).generation


async def _is_generation(world: World, generation: int) -> bool:
    return await _generation(world) == generation


async def _is_in_state(runner: Runner, state: FillingState) -> bool:
    return (await runner.writer.generations.kept()).state is state


async def test_a_rebuild_is_seen_by_nobody_until_it_is_whole(world: World) -> None:
    """While events come in all the time."""
    async with running(world, batch_limit=20) as runner:
        await world.assert_equal_sums()
        appending = asyncio.create_task(world.log.append_random(random.Random(2), 300))  # noqa: S311
        seen = list[tuple[int, int]]()
        watching = asyncio.create_task(_watch(world, seen))
        assert (await _states(runner))[-1] == admin_pb2.FILLING_STATE_LIVE
        await appending
        await world.assert_equal_sums()
        watching.cancel()
        assert {generation for generation, _ in seen} <= {1, 2}
        assert seen == sorted(seen, key=lambda each: each[1]), "readers went back"
        assert await _generation(world) == 2
        kept = await runner.writer.generations.kept()
        assert (kept.live, kept.filling, kept.previous) == (2, 0, 1)
        await eventually(lambda: _has_status(runner, RunnerStatus.RUNNING))


async def _watch(world: World, seen: list[tuple[int, int]]) -> None:
    while True:
        place = await world.reader.checkpoint(world.name)
        seen.append((place.generation, place.position))
        await asyncio.sleep(0)


async def _has_status(runner: Runner, status: RunnerStatus) -> bool:
    return runner.status is status


async def test_an_operator_may_have_the_last_word(world: World) -> None:
    async with running(world) as runner:
        await world.assert_equal_sums()
        states = await _states(runner, activates=False)
        assert states[-1] == admin_pb2.FILLING_STATE_READY
        await world.log.append_random(random.Random(3), 50)  # noqa: S311 - a test's choices
        await world.assert_equal_sums()
        assert await _generation(world) == 1
        with pytest.raises(ServiceError, match="no generation 9"):
            await rebuild_service.activate([runner], 9)
        await rebuild_service.activate([runner], 2)
        await world.assert_equal_sums()
        assert await _generation(world) == 2
        await rebuild_service.activate([runner], 2)
        with pytest.raises(ServiceError, match="is live"):
            await rebuild_service.drop([runner], 2)
        await rebuild_service.drop([runner], 1)
        assert await runner.writer.generations.existing() == {2}
        with pytest.raises(ServiceError, match="no generation is kept"):
            await rebuild_service.roll_back([runner])


async def test_a_rollback_catches_up_and_can_be_taken_back(world: World) -> None:
    async with running(world) as runner:
        await world.assert_equal_sums()
        await _states(runner)
        await world.log.append_random(random.Random(4), 100)  # noqa: S311 - a test's choices
        await world.assert_equal_sums()
        for generation in (1, 2):
            await rebuild_service.roll_back([runner])
            assert await _generation(world) == generation
            await world.log.append_random(random.Random(5), 20)  # noqa: S311 - a test's choices
            await world.assert_equal_sums()


async def test_a_rebuild_that_is_dropped_ends(world: World) -> None:
    release = asyncio.Event()
    async with running(world, batch_limit=20, writing_with=_held(2, release)) as runner:
        await world.assert_equal_sums()
        states = asyncio.create_task(_states(runner))
        await eventually(lambda: _is_filling(runner, 2))
        with pytest.raises(ServiceError, match="is FILLING"):
            await rebuild_service.activate([runner], 2)
        await rebuild_service.drop([runner], 2)
        release.set()
        assert (await states)[-1] == admin_pb2.FILLING_STATE_GIVEN_UP
        await world.log.append_random(random.Random(6), 50)  # noqa: S311 - a test's choices
        await world.assert_equal_sums()
        await eventually(lambda: _exist(runner, {1}))


async def _is_filling(runner: Runner, generation: int) -> bool:
    return (await runner.writer.generations.kept()).filling == generation


async def _exist(runner: Runner, generations: set[int]) -> bool:
    await drop_old_generations(runner.writer)
    return await runner.writer.generations.existing() == generations


def _held(generation: int, release: asyncio.Event) -> type[ReadModelWriter]:
    """A writer that applies nothing to a generation until it may."""

    class Held(ReadModelWriter):
        async def apply(self, token: int, batch: Batch) -> bool:
            if batch.generation == generation:
                await release.wait()
            return await super().apply(token, batch)

    return Held


async def test_what_differs_is_not_switched_to(world: World) -> None:
    """The live one was made with a mistake that the same version does not have any more."""
    mistaken = accounts.projection(world.name, evolve_with=_doubled)
    async with running(world, mistaken):
        await world.caught_up()
    async with running(world) as runner:
        states = await _states(runner)
        assert states[-1] == admin_pb2.FILLING_STATE_DIFFERS
        assert (await runner.writer.generations.kept()).finding
        assert await _generation(world) == 1
        await rebuild_service.activate([runner], 2)
        await world.assert_equal_sums()


def _doubled(view: Any, event: Any) -> Any:
    changed = accounts.evolve(view, event)
    if isinstance(event, accounts.AccountOpened):
        changed.cents *= 2
    return changed


async def test_another_version_fills_beside_while_what_was_is_served(world: World) -> None:
    async with running(world):
        await world.assert_equal_sums()
    release = asyncio.Event()
    newer = accounts.projection(world.name, version=2)
    async with running(world, newer, writing_with=_held(2, release)) as runner:
        await eventually(lambda: _is_filling(runner, 2))
        position = world.log.position
        await world.log.append_random(random.Random(7), 50)  # noqa: S311 - a test's choices
        await eventually(lambda: _knows_of(world, world.log.position))
        served = await world.reader.checkpoint(world.name)
        assert (served.generation, served.version, served.position) == (1, 1, position)
        assert served.lag_seconds() > 0
        release.set()
        await eventually(lambda: _is_generation(world, 2))
        await world.assert_equal_sums()
        # An operator who goes back stays there, until another version comes.
        await rebuild_service.roll_back([runner])
        await eventually(lambda: _has_status(runner, RunnerStatus.STOPPED))
        assert (await world.reader.checkpoint(world.name)).position == position
    async with running(world) as runner:
        await world.assert_equal_sums()
        assert await _generation(world) == 1


async def _knows_of(world: World, head: int) -> bool:
    return (await world.reader.checkpoint(world.name)).head == head


async def test_damage_ends_a_rebuild_and_all_that_is_kept(world: World) -> None:
    async with running(world, pace=eager()) as runner:
        await world.assert_equal_sums()
        await _states(runner)
        await damage.do(world.valkey, damage.deleted("t:holdings"), f"diptych:{{{world.name}:0}}:g2:")
        await eventually(lambda: _is_generation_at_least(world, 3))
        await world.assert_equal_sums()
        assert (await runner.writer.generations.kept()).previous == 0


async def _is_generation_at_least(world: World, generation: int) -> bool:
    try:
        return await _generation(world) >= generation
    except Exception:  # noqa: BLE001 - damage is what the test does
        return False


POINTS = ("opened", "half", "before_compare", "before_switch", "after_switch", "before_drop")


@pytest.mark.parametrize("point", POINTS)
async def test_a_rebuild_goes_on_wherever_its_projector_was_killed(world: World, point: str) -> None:
    async with started(world, "rebuild", f"rebuild.{point}=kill") as killed:
        assert killed.stderr is not None
        told = (await asyncio.wait_for(killed.stderr.read(), DEADLINE_SECONDS)).decode()
        assert f"{REACHED}rebuild.{point}" in told
    await world.log.append_random(random.Random(9), 50)  # noqa: S311 - a test's choices
    async with running(world, holder="killed") as runner:
        await eventually(lambda: _is_generation(world, 2))
        await world.assert_equal_sums()
        kept = await runner.writer.generations.kept()
        assert (kept.live, kept.filling) == (2, 0)
        await eventually(lambda: _exist(runner, kept.numbers))
