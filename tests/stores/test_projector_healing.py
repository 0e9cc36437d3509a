"""A projection whose data was lost or changed notices by itself, says so, and fills a new generation."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from projector.pace import Pace
from projector.runner import Runner, RunnerStatus
from projector.scrubbing import Scrubber
from read_store import (
    Connection,
    Document,
    EpochEnd,
    ReadModelDamaged,
    TallyRows,
    check_sums,
    checkpoint,
)
from tests import accounts
from tests.postgres_server import LogDatabase
from tests.stores import damage
from tests.stores.account_log import read_holdings
from tests.stores.damage import Damage
from tests.stores.projector_world import World, a_world, eager, running
from tests.stores.restores import put_back
from tests.valkey_server import TestValkey
from tests.waiting import eventually

ALL_OF_THEM = (
    damage.deleted("d:account"),
    damage.field_deleted("d:account", "x"),
    damage.edited("d:account", "x"),
    damage.deleted("i:rich"),
    damage.member_removed("i:cents", "x"),
    damage.member_moved("i:cents", "x"),
    damage.member_added("i:rich", "nobody"),
    damage.deleted("i:changed/account"),
    damage.member_moved("i:changed/account", "x"),
    damage.of_another_type("i:rich"),
    damage.deleted("t:holdings"),
    damage.deleted("t:holdings:Z"),
    damage.column_edited("t:holdings:Z", "cents"),
    damage.deleted("x:owner:terms"),
    damage.deleted("x:owner:g:7a6f65"),
    damage.member_added("x:owner:g:7a6f65", "nobody"),
    damage.member_replaced("x:owner:g:7a6f65", "zoe", "nobody"),
    damage.member_replaced("x:owner:terms", "zoe", "nobody"),
    damage.deleted("x:owner:e:86502859dccf8520648890b6fb0338ec4a8050aa"),
    damage.member_moved("x:owner:e:86502859dccf8520648890b6fb0338ec4a8050aa", "x"),
    damage.member_replaced("i:cents", "x", "nobody"),
    damage.deleted("sizes"),
    damage.deleted("checkpoint"),
    damage.field_deleted("checkpoint", "anchor"),
)


@pytest.fixture
async def world(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[World]:
    """A log of many accounts, x among them, no read models."""
    async with a_world(log_database, valkey) as made:
        await made.log.append_random(random.Random(1), 200)  # noqa: S311 - a test's choices
        await made.log.append(("x", accounts.AccountOpened(account_id="x", owner="Zoe", cents=3)))
        yield made


def _root(world: World, generation: int = 1) -> str:
    return f"diptych:{{{world.name}:0}}:g{generation}:"


async def _generation(world: World) -> int:
    try:
        return (await world.reader.checkpoint(world.name)).generation
    except ReadModelDamaged:
        return 0


async def _is_healed(world: World, generation: int = 2) -> bool:
    return await _generation(world) >= generation


@pytest.mark.parametrize("done", ALL_OF_THEM)
async def test_damage_that_nobody_reads_is_found_and_mended(world: World, done: Damage) -> None:
    async with running(world, pace=eager()):
        await world.assert_equal_sums()
        await damage.do(world.valkey, done, _root(world))
        await eventually(lambda: _is_healed(world))
        await world.assert_equal_sums()


async def test_what_was_stored_in_another_layout_is_filled_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(check_sums, "_LAYOUT", 1)
        async with running(world):
            await world.assert_equal_sums()
    checkpoint._known.clear()
    async with running(world):
        await eventually(lambda: _is_healed(world))
        await world.assert_equal_sums()


async def test_without_the_scrubber_such_damage_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sabotaged twin: the projection goes on as if nothing had happened."""
    monkeypatch.setattr(Scrubber, "_walk_for_ever", Scrubber._follow_reports)
    async with running(world, pace=eager()) as runner:
        await world.assert_equal_sums()
        await damage.do(world.valkey, damage.member_moved("i:cents", "x"), _root(world))
        await world.log.append_random(random.Random(2), 100)  # noqa: S311 - a test's choices
        await world.assert_equal_sums()
        assert (await _generation(world), runner.status) == (1, RunnerStatus.RUNNING)


async def test_damage_is_found_in_what_nobody_writes_to_any_more(world: World) -> None:
    """The walk has become slow by then, and goes on."""
    async with running(world, pace=Pace(rows_per_second=1_000_000.0, rest_seconds=0.5)) as runner:
        await world.assert_equal_sums()
        await eventually(lambda: _is_at_rest(runner))
        await damage.do(world.valkey, damage.member_moved("i:cents", "x"), _root(world))
        await eventually(lambda: _is_healed(world))
        await world.assert_equal_sums()


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_is_written_ends_the_rest_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    """The walk at rest would take hours; in the sabotaged twin it does."""
    if not is_told:
        monkeypatch.setattr(Scrubber, "saw", _looks_away_from)
    async with running(world, pace=Pace(rows_per_second=1_000_000.0, rest_seconds=100_000.0)) as runner:
        await world.assert_equal_sums()
        await eventually(lambda: _is_at_rest(runner))
        await damage.do(world.valkey, damage.member_moved("i:cents", "x"), _root(world))
        await world.log.append_random(random.Random(3), 1)  # noqa: S311 - a test's choices
        if is_told:
            await eventually(lambda: _is_healed(world))
        await world.assert_equal_sums()
        assert await _is_healed(world) is is_told


async def _is_at_rest(runner: Runner) -> bool:
    return runner._scrubber._pace.is_at_rest


def _looks_away_from(scrubber: Scrubber, checkpoint: checkpoint.Checkpoint) -> None:
    """As if what was seen first stayed for ever."""
    if scrubber._pace._place is None:
        scrubber._pace.saw(checkpoint.generation, checkpoint.position)


@pytest.mark.parametrize(
    ("look", "done"),
    [
        ("_walk_terms", damage.member_replaced("x:owner:g:7a6f65", "zoe", "nobody")),
        ("_walk_tally", damage.column_edited("t:holdings:Z", "cents")),
        ("_walk_documents", damage.member_moved("i:cents", "x")),
    ],
)
async def test_without_a_part_of_the_walk_its_damage_stays(
    world: World, monkeypatch: pytest.MonkeyPatch, look: str, done: Damage
) -> None:
    """The sabotaged twins of single parts: the others go on and find nothing."""
    monkeypatch.setattr(Scrubber, look, _looks_away)
    async with running(world, pace=eager()) as runner:
        await world.assert_equal_sums()
        await damage.do(world.valkey, done, _root(world))
        passes = runner._scrubber.passes
        await eventually(lambda: _has_walked_on(runner, passes))
        assert (await _generation(world), runner.status) == (1, RunnerStatus.RUNNING)


async def _looks_away(*_: object) -> None:
    return None


async def _has_walked_on(runner: Runner, passes: int) -> bool:
    return runner._scrubber.passes > passes + 1


async def test_what_a_reader_comes_upon_is_mended_at_once(world: World) -> None:
    """The scrubber's own walk is too slow to have found it."""
    async with running(world, pace=Pace(rows_per_second=1.0)) as runner:
        await world.assert_equal_sums()
        await damage.do(world.valkey, damage.edited("d:account", "x"), _root(world))

        async def is_mended() -> bool:
            try:
                row = (await world.reader.read_one(world.name, Document(view="account", id="x")))[1]
            except ReadModelDamaged:
                return False
            return row is not None and row.position == world.log.position and await _is_healed(world)

        await eventually(is_mended)
        await world.assert_equal_sums()
        await eventually(lambda: _is_quiet(runner))


async def _is_quiet(runner: Runner) -> bool:
    return runner.status is RunnerStatus.RUNNING and runner.last_error == ""


async def test_a_reader_that_cries_without_cause_changes_nothing(world: World) -> None:
    async with running(world, pace=Pace(rows_per_second=1.0)) as runner:
        await world.assert_equal_sums()
        admin = Connection(world.valkey.admin_url)
        await admin.open()
        for report in (b'["document", "account", "x"]', b'["row", "holdings", "Z"]', b"[1]", b"{}", b"not"):
            await admin.call("PUBLISH", f"diptych:{{{world.name}:0}}:ask", b"damaged " + report)
        await admin.close()
        answers = runner._answers
        await eventually(lambda: _is_empty(answers.reports))
        await world.log.append_random(random.Random(3), 50)  # noqa: S311 - a test's choices
        await world.assert_equal_sums()
        assert await _generation(world) == 1


async def _is_empty(reports: object) -> bool:
    return not reports


async def test_damage_is_told_until_it_is_mended(world: World) -> None:
    async with running(world, pace=eager(), batch_limit=5) as runner:
        await world.assert_equal_sums()
        await damage.do(world.valkey, damage.deleted("t:holdings"), _root(world))
        await eventually(lambda: _says(runner, "ReadModelDamaged: key t:holdings"))
        await eventually(lambda: _is_healed(world))
        await world.assert_equal_sums()
        await eventually(lambda: _is_quiet(runner))


async def _says(runner: Runner, words: str) -> bool:
    return words in runner.last_error


async def test_a_checkpoint_set_back_beside_its_data_doubles_nothing(world: World) -> None:
    """By hand, seal and all: the data itself tells that it has gone on."""
    async with running(world):
        await world.assert_equal_sums()
    await damage.do(world.valkey, damage.checkpoint_set_back(world.log.epoch), _root(world))
    async with running(world):
        await eventually(lambda: _is_healed(world))
        await world.assert_equal_sums()


async def test_a_replay_into_data_that_was_kept_doubles_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotaged twin: nobody looks whether the data has gone on without its checkpoint."""
    monkeypatch.setattr("read_store.ReadModelWriter.newest_change", _nothing_changed)
    async with running(world):
        await world.assert_equal_sums()
        whole = (await world.reader.read_one(world.name, TallyRows(tally="holdings")))[1]
    await damage.do(world.valkey, damage.checkpoint_set_back(world.log.epoch), _root(world))
    async with running(world, pace=Pace(rows_per_second=1.0)):
        await eventually(lambda: _has_come_to(world, world.log.position))
        assert (await world.reader.read_one(world.name, TallyRows(tally="holdings")))[1] != whole


async def _nothing_changed(*_: object) -> int:
    return 0


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_log_put_back_takes_the_read_models_with_it(world: World, is_told: bool) -> None:
    """With an operator's word, readers know where the histories part."""
    epoch = world.log.epoch
    async with running(world):
        await world.assert_equal_sums()
        put_back(world.database, 150, with_new_epoch=is_told)
        await eventually(lambda: _is_healed(world))
        await eventually(lambda: _has_come_to(world, 150))
        assert await read_holdings(world.reader, world.name) == await _sums_of_the_log(world)
        end = (await world.reader.read_one(world.name, EpochEnd(epoch=epoch)))[1]
        assert end == (150 if is_told else None)


async def _has_come_to(world: World, position: int) -> bool:
    return (await world.reader.checkpoint(world.name)).position == position


async def _sums_of_the_log(world: World) -> dict[str, dict[str, int]]:
    """The tally added up from the log as it is now."""
    views: dict[str, Any] = {}
    for event in (await world.event_log.read(0, limit=1000)).events:
        type_ = next(each for each in accounts.EVENTS if each.DESCRIPTOR.full_name == event.type)
        views[event.stream] = accounts.evolve(views.get(event.stream), type_.FromString(event.payload))
    rows: dict[str, dict[str, int]] = {}
    for view in views.values():
        for (_, row, column), amount in accounts.tallies(view):
            columns = rows.setdefault(row, {})
            columns[column] = columns.get(column, 0) + amount
    return {row: {name: sum_ for name, sum_ in sums.items() if sum_} for row, sums in rows.items()}
