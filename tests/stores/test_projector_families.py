"""Read models of families in the real stores equal the plain fold, and known defects can't come back."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from diptych.families.v1.events_pb2 import PaymentReceived
from diptych.families.v1.views_pb2 import FamilyDetails
from google.protobuf.message import Message

from projector.families import FAMILIES
from projector.pace import Pace
from projector.runner import RunnerStatus
from read_store import (
    LIBRARY,
    Batch,
    Document,
    Library,
    ReadModelWriter,
    ReadStoreUnavailable,
    TallyRow,
)
from tests import family_events as say
from tests.family_histories import History
from tests.postgres_server import LogDatabase
from tests.stores import damage
from tests.stores.family_log import FamilyLog, stored
from tests.stores.projected_families import Families
from tests.stores.projector_process import UNGUARDED
from tests.stores.projector_world import a_world, running
from tests.valkey_server import TestValkey
from tests.waiting import eventually


@pytest.fixture
async def families(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[Families]:
    """An empty log, no read models."""
    async with a_world(log_database, valkey) as world:
        log = FamilyLog(world.log.store)
        await log.register()
        yield Families(world, log)


def _history(seed: int, count: int) -> list[Message]:
    return list(History(random.Random(seed)).steps(count))  # noqa: S311 - a test's dice


@pytest.mark.parametrize(("seed", "batch_limit"), [(1, 1), (2, 3), (3, 7), (4, 20), (5, 50), (6, 1000)])
async def test_what_is_stored_equals_the_plain_fold(families: Families, seed: int, batch_limit: int) -> None:
    events = _history(seed, 160)
    await families.log.append_all(events[:60], at_once=3)
    async with running(families.world, families.projection(), batch_limit=batch_limit) as runner:
        runner._follower._folder._cached_views = 2
        await families.log.append_all(events[60:], at_once=3)
        await families.caught_up()
        await families.assert_equal_fold()


async def test_a_family_leaves_the_list_when_its_score_falls_or_it_withdraws(
    families: Families,
) -> None:
    for family_id in ("falls", "leaves", "stays"):
        await families.log.append(say.enrolled(family_id), say.risk(0, 90, family_id=family_id))
    async with running(families.world, families.projection()):
        await families.caught_up()
        await families.assert_equal_fold()
        assert await _at_risk(families) == {"falls", "leaves", "stays"}
        await families.log.append(
            say.risk(90, 10, family_id="falls"), say.withdrawn("2024-02-01", family_id="leaves")
        )
        await families.caught_up()
        await families.assert_equal_fold()
        assert await _at_risk(families) == {"stays"}


async def _at_risk(families: Families) -> set[str]:
    found = await stored(families.world.reader, families.world.name, [])
    return {id_ for index, id_ in found.scores if index == "at_risk/70"}


def _failing(is_broken: list[bool], *, is_skipped: bool) -> Any:
    account = FAMILIES.read_models[-1]

    def evolve(view: Any, event: Message) -> Any:
        if isinstance(event, PaymentReceived) and is_broken[0]:
            if is_skipped:
                return view
            raise RuntimeError("content that must not show")
        return account.evolve(view, event)

    return (*FAMILIES.read_models[:-1], replace(account, evolve=evolve))


async def _append_a_payment_amid(families: Families) -> None:
    await families.log.append(say.enrolled(), say.invoiced("i1", 500, "2024-01-15"))
    await families.log.append(say.paid("t1", "2024-01-20", ("i1", 500, 5)))
    await families.log.append(say.enrolled("jones"))


async def test_a_failing_event_is_never_passed_over(families: Families) -> None:
    is_broken = [True]
    await _append_a_payment_amid(families)
    projection = families.projection(read_models=_failing(is_broken, is_skipped=False))
    async with running(families.world, projection) as runner:
        await eventually(lambda: families.has_status(runner, RunnerStatus.ERROR))
        await families.log.append(say.enrolled("miller"))
        await eventually(lambda: families.has_status(runner, RunnerStatus.ERROR))
        assert (await families.world.reader.checkpoint(families.world.name)).position == 2
        assert "PaymentReceived at position 3 of family-smith: RuntimeError" in runner.last_error
        await families.assert_equal_fold(2)
        is_broken[0] = False
        await families.caught_up()
        await families.assert_equal_fold()


async def test_an_event_that_is_passed_over_is_noticed(families: Families) -> None:
    """The sabotaged twin of the test above."""
    await _append_a_payment_amid(families)
    projection = families.projection(read_models=_failing([True], is_skipped=True))
    async with running(families.world, projection):
        await families.caught_up()
        with pytest.raises(AssertionError):
            await families.assert_equal_fold()


async def test_a_rebuild_does_not_double_the_months_revenue(families: Families) -> None:
    await families.log.append_all(_history(5, 150))
    async with running(families.world, families.projection()):
        await families.caught_up()
        await families.assert_equal_fold()
    async with running(families.world, families.projection(version=2)):
        await eventually(lambda: _is_generation(families, 2))
        await families.caught_up()
        await families.assert_equal_fold()


async def _is_generation(families: Families, generation: int) -> bool:
    return (await families.world.reader.checkpoint(families.world.name)).generation == generation


async def test_a_replay_into_tallies_that_were_kept_doubles_them(
    families: Families, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotaged twin: instead of a new generation, the checkpoint is put back to 0 beside its data."""
    monkeypatch.setattr("read_store.ReadModelWriter.newest_change", _nothing_changed)
    await families.log.append_all(_history(5, 60))
    async with running(families.world, families.projection()):
        await families.caught_up()
    root = f"diptych:{{{families.world.name}:0}}:g1:"
    await damage.do(families.world.valkey, damage.checkpoint_set_back(families.log.epoch), root)
    async with running(families.world, families.projection(), pace=Pace(rows_per_second=1.0)):
        await eventually(lambda: _has_folded(families, 1, families.log.position))
        with pytest.raises(AssertionError):
            await families.assert_equal_fold()


async def _nothing_changed(*_: object) -> int:
    return 0


async def test_during_a_rebuild_answers_are_those_of_the_place_that_they_name(families: Families) -> None:
    """What takes the place of lost data is live from position 0: it fills before the readers' eyes."""
    await families.log.append_all(_history(6, 200), at_once=1)
    async with running(families.world, families.projection()):
        await families.caught_up()
    release, sizes = asyncio.Event(), list[int]()
    held = _held_after(3, release, sizes)
    await _start_over(families)
    async with running(families.world, families.projection(), batch_limit=20, writing_with=held) as runner:
        checkpoint = await eventually(lambda: _has_folded(families, 2, 60))
        assert (checkpoint.position, checkpoint.head) == (60, 200)
        assert checkpoint.is_rebuilding
        assert checkpoint.lag_seconds() > 0
        assert runner.status is RunnerStatus.REBUILDING
        await families.assert_equal_fold(60)
        release.set()
        await families.caught_up()
        await families.assert_equal_fold()
    assert max(sizes) <= 20


async def _start_over(families: Families) -> None:
    writer = ReadModelWriter(families.world.valkey.projector_url, families.world.name)
    await writer.open()
    token = await writer.acquire_lease("the test", 5)
    assert token is not None
    await writer.new_generation(token, 1, families.log.epoch, head=families.log.position, since_us=1)
    await writer.close()


def _held_after(batches: int, release: asyncio.Event, sizes: list[int]) -> type[ReadModelWriter]:
    class Held(ReadModelWriter):
        async def apply(self, token: int, batch: Batch) -> bool:
            sizes.append(batch.events)
            if len(sizes) > batches:
                await release.wait()
            return await super().apply(token, batch)

    return Held


async def _has_folded(families: Families, generation: int, position: int) -> Any:
    checkpoint = await families.world.reader.checkpoint(families.world.name)
    is_there = checkpoint.generation == generation and checkpoint.position >= position
    return checkpoint if is_there else None


async def test_the_checkpoint_is_a_place_in_the_whole_log_and_is_gone_on_from(families: Families) -> None:
    for number in range(4):
        async with running(families.world, families.projection(), batch_limit=10):
            # Events of accounts stand between, in the same log.
            await families.world.log.append_random(random.Random(number), 30)  # noqa: S311
            await families.log.append_all(_later(number), at_once=5)
            await families.caught_up()
        checkpoint = await families.world.reader.checkpoint(families.world.name)
        assert checkpoint.position == families.log.position
        assert checkpoint.position > max(families.log.versions.values())
        assert checkpoint.events == len(families.log.happened)
        assert checkpoint.generation == 1
    await families.assert_equal_fold()


def _later(number: int) -> list[Message]:
    return _history(7, 160)[number * 40 : (number + 1) * 40]


def _answer_lost(library: Library, *, is_repeated: bool) -> type[ReadModelWriter]:
    """A writer whose every third batch is written, and its answer lost; a blind one then writes it again."""

    class Lost(ReadModelWriter):
        applied = 0

        def __init__(self, url: str, projection: str) -> None:
            super().__init__(url, projection, library=library)

        async def apply(self, token: int, batch: Batch) -> bool:
            is_paused = await super().apply(token, batch)
            self.applied += 1
            if self.applied % 3:
                return is_paused
            if is_repeated:
                return await super().apply(token, batch)
            raise ReadStoreUnavailable("the answer was lost")

    return Lost


@pytest.mark.parametrize("is_repeated", [False, True])
async def test_a_crash_after_the_write_never_counts_a_payment_twice(
    families: Families, is_repeated: bool
) -> None:
    await families.log.append_all(_payments(), at_once=1)
    writer = _answer_lost(LIBRARY, is_repeated=is_repeated)
    async with running(families.world, families.projection(), batch_limit=5, writing_with=writer):
        await families.caught_up()
        await families.assert_equal_fold()
        _, row = await families.world.reader.read_one(
            families.world.name, Document(view="family_details", id=say.SMITH)
        )
        assert row is not None
        assert FamilyDetails.FromString(row.message).total_paid_cents == 40 * 100


async def test_without_the_checkpoint_in_the_same_step_it_would(families: Families) -> None:
    """The sabotaged twin: the same repetition with nothing that refuses it."""
    await families.log.append_all(_payments(), at_once=1)
    writer = _answer_lost(UNGUARDED, is_repeated=True)
    async with running(families.world, families.projection(), batch_limit=5, writing_with=writer):
        await families.caught_up()
        _, columns = await families.world.reader.read_one(
            families.world.name, TallyRow(tally="tuition", row="2024-01")
        )
        assert columns["received|USD"] > 40 * 100


def _payments() -> list[Message]:
    return [say.enrolled(), *(say.paid(f"t{number}", "2024-01-10", credit_cents=100) for number in range(40))]
