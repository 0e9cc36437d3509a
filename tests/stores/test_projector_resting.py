"""What only others wrote may rest for a moment, and the store is told of the log's end when it need be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from projector.resting import Resting
from projector.runner import Runner
from read_store import Batch, Checkpoint, ReadModelWriter
from tests import accounts
from tests.postgres_server import EVENT_TYPES, LogDatabase
from tests.stores.appends import an_append, appended
from tests.stores.projector_world import World, a_world, running
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually

LONG_SECONDS = 600.0
# Long enough to see that nothing comes.
SHORT_SECONDS = 0.5


class _CountingWriter(ReadModelWriter):
    batches = 0
    beats = 0

    async def apply(self, token: int, batch: Batch) -> bool:
        self.batches += 1
        return await super().apply(token, batch)

    async def heartbeat(
        self, token: int, checkpoint: Checkpoint, head: int, *, head_read_at: float | None = None
    ) -> bool:
        self.beats += 1
        return await super().heartbeat(token, checkpoint, head, head_read_at=head_read_at)


@pytest.fixture
async def world(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[World]:
    """An empty log, no read models."""
    async with a_world(log_database, valkey) as made:
        await made.log.store.register_event_types(EVENT_TYPES, b"of another domain")
        yield made


async def _account(world: World, id_: str) -> None:
    await world.log.append((id_, accounts.AccountOpened(account_id=id_, owner="Zoë", cents=3)))


async def _others(world: World, count: int) -> int:
    """Events that the projection does not read; answers the position of the last one."""
    position = 0
    for number in range(count):
        version = number + world.log.position * 1000
        stored = await appended(world.log.store, an_append(f"other-{version}", 0))
        position = stored.position
    return position


@asynccontextmanager
async def _following(world: World, rest_seconds: float) -> AsyncIterator[Runner]:
    """A runner that has come to the end of a log with one account, and rests so long where it may."""
    await _account(world, "a")
    async with running(world, writing_with=_CountingWriter) as runner:
        await world.caught_up()
        runner._resting._rest_seconds = rest_seconds
        yield runner


async def _reached(world: World, position: int, seconds: float = DEADLINE_SECONDS) -> bool:
    return await world.reader.reached(world.name, world.log.epoch, position, seconds)


async def test_what_others_wrote_goes_along_with_what_is_its_own(world: World) -> None:
    async with _following(world, LONG_SECONDS) as runner:
        assert isinstance(runner.writer, _CountingWriter)
        before = runner.writer.batches
        await _others(world, 20)
        await _account(world, "b")
        await world.assert_equal_sums()
        assert runner.writer.batches == before + 1
        assert world.log.position == 22


async def test_what_others_wrote_moves_the_checkpoint_by_itself(world: World) -> None:
    async with _following(world, rest_seconds=0.01):
        assert await _reached(world, await _others(world, 20))
        checkpoint = await world.reader.checkpoint(world.name)
        assert (checkpoint.position, checkpoint.events, checkpoint.is_current) == (21, 1, True)


async def test_who_asks_for_the_logs_end_waits_for_no_rest(world: World) -> None:
    async with _following(world, LONG_SECONDS):
        for _ in range(3):
            written = await _others(world, 5)
            _, head = await world.reader.ask_head(world.name, DEADLINE_SECONDS)
            assert head >= written
            assert await _reached(world, head)
            await _account(world, f"after {head}")
            await world.caught_up()


async def test_twin_an_ask_that_ends_no_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Resting, "want", lambda _self, _position: None)
    async with _following(world, LONG_SECONDS):
        await _others(world, 5)
        _, head = await world.reader.ask_head(world.name, DEADLINE_SECONDS)
        assert not await _reached(world, head, SHORT_SECONDS)


async def test_what_rested_when_a_projector_ended_is_taken_along_by_the_next(world: World) -> None:
    async with _following(world, LONG_SECONDS):
        await _others(world, 5)
    await _account(world, "b")
    async with running(world, holder="another"):
        await world.assert_equal_sums()


async def test_batches_tell_of_the_logs_end_and_no_beat_does_so_again(world: World) -> None:
    async with _following(world, rest_seconds=0.01) as runner:
        assert isinstance(runner.writer, _CountingWriter)
        loop = asyncio.get_running_loop()
        began, before, batches = loop.time(), runner.writer.beats, runner.writer.batches
        for number in range(100):
            await _account(world, f"b{number}")
            await world.caught_up()
        passed = loop.time() - began
        assert runner.writer.batches >= batches + 100
        # One a second at most, and one that was on its way.
        assert runner.writer.beats - before <= passed / runner._beat_seconds + 1


async def test_a_quiet_log_is_told_of_all_the_same(world: World) -> None:
    async with _following(world, rest_seconds=0.01):
        first = await world.reader.checkpoint(world.name)

        async def is_newer() -> bool:
            now = await world.reader.checkpoint(world.name)
            assert now.is_current
            return now.caught_up_us > first.caught_up_us + 1_500_000

        await eventually(is_newer)
