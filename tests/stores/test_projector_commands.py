"""A query sees the events of a command all together or not at all."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from projector.runner import RunnerStatus
from read_store import Batch, Document, ReadModelWriter, ReadStore
from tests import accounts
from tests.postgres_server import LogDatabase
from tests.stores.account_log import read_holdings
from tests.stores.projector_world import World, a_world, running
from tests.valkey_server import TestValkey
from tests.waiting import eventually

CENTS = 900


@pytest.fixture
async def world(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[World]:
    async with a_world(log_database, valkey) as made:
        yield made


def _watching(world: World, seen: list[int]) -> type[ReadModelWriter]:
    """A writer after whose every batch a query looks at all cents."""

    class Watched(ReadModelWriter):
        async def apply(self, token: int, batch: Batch) -> bool:
            is_paused = await super().apply(token, batch)
            seen.append((await read_holdings(world.reader, world.name))["all"]["cents"])
            return is_paused

    return Watched


async def _transfer(world: World, chance: random.Random, commands: int) -> None:
    """Commands of 2 to 40 events each, which move cents from account to account."""
    ids = [f"a{number}" for number in range(10)]
    for id_ in ids:
        await world.log.append((id_, accounts.AccountOpened(account_id=id_, owner="A", cents=CENTS)))
    for _ in range(commands):
        moves: list[tuple[str, Any]] = []
        for _ in range(chance.choice((1, 1, 2, 20))):
            giver, taker = chance.sample(ids, 2)
            cents = chance.randint(1, 99)
            moves += ((giver, accounts.CentsMoved(cents=-cents)), (taker, accounts.CentsMoved(cents=cents)))
        await world.log.append(*moves)


async def _sums_seen(world: World, *, batch_limit: int) -> set[int]:
    """All sums of cents that queries saw from the moment on that all accounts were open."""
    seen: list[int] = []
    await _transfer(world, random.Random(batch_limit), 150)  # noqa: S311 - a test's choices
    async with running(world, batch_limit=batch_limit, writing_with=_watching(world, seen)):
        await world.assert_equal_sums()
    assert len(seen) > 10
    return {cents for cents in seen if cents % CENTS or cents == 10 * CENTS}


@pytest.mark.parametrize("batch_limit", [1, 7, 50])
async def test_no_query_sees_half_a_command(world: World, batch_limit: int) -> None:
    assert await _sums_seen(world, batch_limit=batch_limit) == {10 * CENTS}


async def test_cut_anywhere_half_commands_are_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sabotaged twin of the test above."""
    monkeypatch.setattr("projector.pages.whole_commands", lambda events: events[:-1])
    assert len(await _sums_seen(world, batch_limit=7)) > 1


async def test_a_command_longer_than_a_page_is_applied_whole(world: World) -> None:
    seen: list[int] = []
    await world.log.append(("x", accounts.AccountOpened(account_id="x", owner="A", cents=1)))
    await world.log.append(*(("x", accounts.CentsMoved(cents=1)) for _ in range(2_000)))
    await world.log.append(("x", accounts.CentsMoved(cents=5)))
    async with running(world, batch_limit=10, writing_with=_watching(world, seen)):
        await world.assert_equal_sums()
        # The last look comes after the batch, which others see first.
        await eventually(lambda: _has_looked(seen, times=3))
    assert seen == [1, 2_001, 2_006]


async def _has_looked(seen: list[int], *, times: int) -> bool:
    return len(seen) >= times


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("length", [3, 60])
async def test_of_a_command_with_a_failing_event_nothing_is_applied(
    world: World, place: str, length: int
) -> None:
    is_broken = True

    def evolve(view: Any, event: Any) -> Any:
        if is_broken and isinstance(event, accounts.AccountRenamed):
            raise RuntimeError("broken")
        return accounts.evolve(view, event)

    await _transfer(world, random.Random(3), 20)  # noqa: S311 - a test's choices
    before = world.log.position
    changes: list[tuple[str, Any]] = [(f"a{n % 9}", accounts.CentsMoved(cents=1)) for n in range(length - 1)]
    at = {"first": 0, "middle": length // 2, "last": length - 1}[place]
    changes.insert(at, ("a9", accounts.AccountRenamed(owner="B")))
    await world.log.append(*changes)
    await world.log.append(("a0", accounts.CentsMoved(cents=1)))
    projection = accounts.projection(world.name, evolve_with=evolve)
    async with running(world, projection, batch_limit=50) as runner:
        await eventually(lambda: _has_failed(runner))
        assert (await world.reader.checkpoint(world.name)).position == before
        assert f"AccountRenamed at position {before + 1 + at} of account-a9" in runner.last_error
        is_broken = False
        await world.assert_equal_sums()


async def _has_failed(runner: Any) -> bool:
    return runner.status is RunnerStatus.ERROR


async def test_a_command_that_the_store_refuses_is_told_by_its_positions(world: World) -> None:
    """A tally beyond 64 bits is refused by the store, which can't know the event."""
    await world.log.append(("a", accounts.AccountOpened(account_id="a", owner="A", cents=1)))
    most = 2**53
    opened = [
        (f"b{n}", accounts.AccountOpened(account_id=f"b{n}", owner="A", cents=most)) for n in range(1_100)
    ]
    await world.log.append(*opened)
    async with running(world, batch_limit=50) as runner:
        await eventually(lambda: _has_failed(runner))
        assert "at positions 2 to 1101: " in runner.last_error
        assert (await world.reader.checkpoint(world.name)).position == 1
        assert await _is_missing(world.reader, world.name, "b0")


async def _is_missing(reader: ReadStore, projection: str, id_: str) -> bool:
    _, row = await reader.read_one(projection, Document(view="account", id=id_))
    return row is None
