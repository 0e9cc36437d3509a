"""Partitions of a projection, shared out among projector processes that come, are killed and go."""

import asyncio
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2

from projector import rebuild_service
from projector.app import running
from projector.rebuilding import Rebuilding
from projector.runner import Runner
from read_store import (
    Checkpoint,
    Page,
    PageRows,
    PartitionedReads,
    ReadModelWriter,
    TallyRows,
    partition_names,
    partitions,
    parts_of,
)
from service_kit.settings import Settings
from tests import accounts
from tests.postgres_server import LogDatabase
from tests.stores.projector_world import World, a_world
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually

PARTITIONS = 4
LEASE_SECONDS = 1.0


@dataclass(slots=True)
class Shared:
    """A world whose accounts are split, with what is read of them and who leads which partition."""

    world: World
    reads: PartitionedReads
    writers: list[ReadModelWriter]

    async def holders(self) -> list[str]:
        """Who leads each partition; empty for one that nobody leads."""
        return [(await each.lease_holder()).rpartition("/")[2] for each in self.writers]

    async def leads(self, **shares: int) -> bool:
        """Whether each process leads so many partitions."""
        return Counter(await self.holders()) == Counter(shares)

    async def checkpoint(self) -> Checkpoint:
        return await self.reads.checkpoint()

    async def assert_equal_sums(self) -> None:
        """Compares what all partitions have together with the sums kept beside the log."""
        log = self.world.log
        assert await self.reads.reached(log.epoch, log.position, DEADLINE_SECONDS)
        operations = (TallyRows(tally="holdings"), Page(view="account", indexes=("rich",), limit=1000))
        rows, page = (await self.reads.read(operations)).results
        assert dict(rows) == log.holdings()
        assert _rich(page) == log.rich()


def _rich(page: PageRows) -> list[tuple[int, str]]:
    return [(row.score, row.id) for row in page.rows]


@pytest.fixture
async def shared(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[Shared]:
    async with a_world(log_database, valkey) as world:
        names = partition_names(world.name, PARTITIONS)
        writers = [ReadModelWriter(valkey.projector_url, name) for name in names]
        for writer in writers:
            await writer.open()
        yield Shared(world, PartitionedReads(world.reader, world.name, PARTITIONS), writers)
        for writer in writers:
            await writer.close()


@asynccontextmanager
async def projector(
    shared: Shared, holder: str, *, shares: bool = True
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that leads its share of the partitions."""
    world, settings = shared.world, (LEASE_SECONDS, PARTITIONS, shares)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.stores.sharing_process"),
        *(world.database.projector_url, world.valkey.projector_url, world.name, holder),
        *map(str, settings),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _append(shared: Shared, seed: int, count: int = 300) -> None:
    await shared.world.log.append_random(random.Random(seed), count)  # noqa: S311 - a test's choices


async def test_processes_that_come_and_go_share_the_partitions_without_a_loss(shared: Shared) -> None:
    async with AsyncExitStack() as processes:
        await processes.enter_async_context(projector(shared, "one"))
        await eventually(lambda: shared.leads(one=4))
        appending = asyncio.create_task(_append(shared, 1, 2_000))
        two = await processes.enter_async_context(projector(shared, "two"))
        await eventually(lambda: shared.leads(one=2, two=2))
        await processes.enter_async_context(projector(shared, "three"))
        await eventually(lambda: shared.leads(one=2, two=1, three=1))
        two.kill()
        await eventually(lambda: shared.leads(one=2, three=2))
        two = await processes.enter_async_context(projector(shared, "two"))
        await eventually(lambda: shared.leads(one=2, two=1, three=1))
        two.send_signal(signal.SIGTERM)
        await eventually(lambda: shared.leads(one=2, three=2))
        await appending
        await shared.assert_equal_sums()
    parts = parts_of(await shared.checkpoint())
    assert [part.generation for part in parts] == [1] * PARTITIONS
    assert sum(part.events for part in parts) == shared.world.log.position


async def test_without_sharing_the_first_process_keeps_everything(shared: Shared) -> None:
    """The sabotaged twin of the test above."""
    async with projector(shared, "one", shares=False):
        await eventually(lambda: shared.leads(one=4))
        async with projector(shared, "two", shares=False):
            with pytest.raises(AssertionError):
                await eventually(lambda: shared.leads(one=2, two=2), seconds=5 * LEASE_SECONDS)


async def test_each_partition_is_handed_over_however_often_its_process_is_killed(shared: Shared) -> None:
    chance = random.Random(2)  # noqa: S311 - a test's choices
    names = ["one", "two"]
    async with AsyncExitStack() as processes:
        live = {name: await processes.enter_async_context(projector(shared, name)) for name in names}
        await eventually(lambda: shared.leads(one=2, two=2))
        for turn in range(4):
            appending = asyncio.create_task(_append(shared, turn, 400))
            victim = chance.choice(names)
            live[victim].kill()
            await live[victim].wait()
            await appending
            live[victim] = await processes.enter_async_context(projector(shared, victim))
        await eventually(lambda: shared.leads(one=2, two=2))
        await shared.assert_equal_sums()
    assert (await shared.checkpoint()).events == shared.world.log.position


async def _sums_soon(shared: Shared) -> bool:
    """Whether the sums are right as soon as the answer claims to have everything."""
    log = shared.world.log
    while True:
        snapshot = await shared.reads.read((TallyRows(tally="holdings"),))
        if snapshot.checkpoint.position >= log.position:
            return bool(dict(snapshot.results[0]) == log.holdings())


async def test_an_answer_that_claims_everything_has_it(shared: Shared) -> None:
    async with projector(shared, "one"), projector(shared, "two"):
        for turn in range(20):
            await _append(shared, turn, 100)
            assert await _sums_soon(shared)


async def test_the_place_of_the_first_partition_claims_too_much(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotaged twin of the test above."""

    def the_furthest(parts: Any) -> Checkpoint:
        return max(parts, key=lambda part: part.position)  # type: ignore[no-any-return] # they are checkpoints

    async with projector(shared, "one"), projector(shared, "two"):
        await _append(shared, 0, 100)
        await shared.assert_equal_sums()
        monkeypatch.setattr(partitions, "merge_checkpoints", the_furthest)
        wrong = 0
        for turn in range(1, 60):
            await _append(shared, turn, 100)
            wrong += not await _sums_soon(shared)
        assert wrong


@asynccontextmanager
async def _projector_here(shared: Shared, *, version: int = 1) -> AsyncIterator[list[Runner]]:
    """A projector of all partitions in this process."""
    settings = Settings(
        redis_url=shared.world.valkey.projector_url,
        projector_address="here",
        lease_seconds=LEASE_SECONDS,
        partitions=PARTITIONS,
    )
    projections = (accounts.projection(shared.world.name, version=version),)
    async with running(projections, settings, shared.world.event_log) as runners:
        yield runners


async def test_a_rebuild_is_one_of_all_partitions(shared: Shared) -> None:
    async with _projector_here(shared) as runners:
        await _append(shared, 3)
        await shared.assert_equal_sums()
        shown = [each async for each in rebuild_service.rebuild(runners, activates=True)]
        assert shown[-1].state == admin_pb2.FILLING_STATE_LIVE
        assert [part.generation for part in parts_of(await shared.checkpoint())] == [2] * PARTITIONS
        await shared.assert_equal_sums()
        await rebuild_service.roll_back(runners)
        assert [part.generation for part in parts_of(await shared.checkpoint())] == [1] * PARTITIONS


async def _versions(shared: Shared) -> list[int]:
    return [part.version for part in parts_of(await shared.checkpoint())]


async def _waiting(shared: Shared) -> int:
    kept = [await each.generations.kept() for each in shared.writers]
    return sum(each.finding == "it waits for the other partitions" for each in kept)


async def _is_version(shared: Shared, version: int) -> bool:
    return await _versions(shared) == [version] * PARTITIONS


async def test_a_new_version_is_seen_when_every_partition_has_it(shared: Shared) -> None:
    async with _projector_here(shared):
        await _append(shared, 4)
        await shared.assert_equal_sums()
    last = shared.writers[2]
    await last.set_paused(True)
    async with _projector_here(shared, version=2):
        await eventually(lambda: _is_waiting(shared, PARTITIONS - 1))
        assert await _is_version(shared, 1)
        await last.set_paused(False)
        await eventually(lambda: _is_version(shared, 2))
        await shared.assert_equal_sums()


async def _is_waiting(shared: Shared, count: int) -> bool:
    return await _waiting(shared) == count


async def test_without_a_gate_answers_are_of_two_versions(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotaged twin of the test above."""

    async def ready(_self: Rebuilding) -> bool:
        return True

    async with _projector_here(shared):
        await _append(shared, 4)
        await shared.assert_equal_sums()
    await shared.writers[2].set_paused(True)
    monkeypatch.setattr(Rebuilding, "_siblings_are_ready", ready)
    async with _projector_here(shared, version=2):
        await eventually(lambda: _is_mixed(shared))


async def _is_mixed(shared: Shared) -> bool:
    return len(set(await _versions(shared))) > 1
