"""Leases with rising tokens, generations, pause, heartbeats."""

from uuid import uuid4

import pytest

from read_store import CheckpointMoved, Count, Document, Fenced, GenerationRefused
from tests.stores.partition import LEASE_SECONDS, VIEW, a_partition
from tests.valkey_server import TestValkey
from tests.waiting import eventually


async def test_a_lease_has_one_holder_until_it_is_released(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        writer = partition.writer
        assert await writer.lease_holder() == "the test"
        assert await writer.acquire_lease("another", LEASE_SECONDS) is None
        await writer.release_lease(partition.token)
        assert await writer.lease_holder() == ""
        assert await writer.acquire_lease("another", LEASE_SECONDS) == partition.token + 1
        assert not await writer.renew_lease(partition.token, LEASE_SECONDS)


async def test_a_lease_that_is_over_goes_to_the_next(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        writer = partition.writer
        assert await writer.renew_lease(partition.token, 0.05)
        token = await eventually(lambda: writer.acquire_lease("another", LEASE_SECONDS))
        assert token == partition.token + 1
        with pytest.raises(Fenced):
            await writer.heartbeat(partition.token, await writer.checkpoint(), 0)
        with pytest.raises(Fenced):
            await writer.new_generation(partition.token, 1, uuid4())


async def test_a_new_generation_is_empty_and_the_old_one_can_be_dropped(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        writer = partition.writer
        await partition.apply(
            documents={"a": b"A"}, entries={"size": {"a": 1}}, text_entries={"n": [("a", "ann", 0)]}
        )
        epoch = uuid4()
        assert await writer.new_generation(partition.token, 2, epoch) == (2, 1)
        checkpoint = await writer.checkpoint()
        assert (checkpoint.generation, checkpoint.version, checkpoint.epoch) == (2, 2, epoch)
        assert (checkpoint.position, checkpoint.is_rebuilding) == (0, True)
        assert await partition.ask(Document(view=VIEW, id="a")) is None
        assert await partition.ask(Count(index="size")) == 0
        with pytest.raises(GenerationRefused):
            await writer.generations.remove(2)
        assert await writer.generations.existing() == {1, 2}
        assert await writer.generations.remove(1) > 5
        assert await writer.generations.existing() == {2}
        with pytest.raises(CheckpointMoved):
            await writer.apply(partition.token, partition.batch())


async def test_the_pause_outlives_the_process_and_every_write_tells_of_it(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        writer = partition.writer
        assert not await writer.apply(partition.token, partition.batch())
        await writer.set_paused(True)
        assert await writer.is_paused()
        assert await writer.heartbeat(partition.token, await writer.checkpoint(), 1)
        await writer.set_paused(False)
        assert not await writer.heartbeat(partition.token, await writer.checkpoint(), 1)


async def test_lag_counts_from_when_it_was_last_caught_up(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        writer = partition.writer
        await partition.apply()
        assert (await writer.checkpoint()).lag_seconds() == 0.0
        caught_up_us = (await writer.checkpoint()).caught_up_us
        await writer.heartbeat(partition.token, await writer.checkpoint(), 5)
        behind = await partition.reader.checkpoint(partition.name)
        assert (behind.head, behind.caught_up_us) == (5, caught_up_us)
        assert behind.lag_seconds() == (behind.now_us - caught_up_us) / 1_000_000


async def test_a_projection_that_never_ran_has_generation_0(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        checkpoint = await partition.reader.checkpoint("never_ran")
        assert (checkpoint.generation, checkpoint.position, checkpoint.lag_seconds()) == (0, 0, float("inf"))


async def test_names_that_could_reach_other_keys_are_refused(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        for name in ("a:b", "a*", "{a}", ""):
            with pytest.raises(ValueError, match="must match"):
                await partition.apply(entries={name: {"a": 1}})
            with pytest.raises(ValueError, match="must match"):
                await partition.ask(Count(index=name))
        with pytest.raises(ValueError, match="must match"):
            await partition.reader.checkpoint("a}:b")
