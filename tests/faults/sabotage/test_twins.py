"""Each guard is needed: without it the checker turns red, with it the same faults leave all promises kept."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.checker.findings import Violation
from tests.faults.sabotage.guards import GUARDS
from tests.faults.sabotage.showing import Shown, note
from tests.faults.sabotage.trial import Trial
from tests.faults.sabotage.twins import TWINS, Twin
from tests.postgres_server import LogDatabase
from tests.valkey_server import TestValkey
from tests.waiting import eventually


@pytest.fixture(params=[True, False], ids=["cut", "guarded"])
def is_cut(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=list(TWINS.values()), ids=list(TWINS))
def twin(request: pytest.FixtureRequest) -> Twin:
    chosen: Twin = request.param
    return chosen


@pytest.fixture
async def trial(
    tmp_path: Path, log_database: LogDatabase, valkey: TestValkey, twin: Twin, is_cut: bool
) -> AsyncIterator[Trial]:
    made = Trial(tmp_path, log_database, valkey, twin.guard if is_cut else None)
    yield made
    await made.close()


async def test_the_guard_is_needed(trial: Trial, twin: Twin, is_cut: bool) -> None:
    began = time.monotonic()
    await twin.story(trial)
    trial.heal()
    if is_cut:
        # Again and again: some wrongs are there only once a read model has gone on.
        violations = await eventually(lambda: _found(trial, twin))
    else:
        await trial.caught_up()
        violations = trial.violations()
    note(Shown(guard=twin.guard, is_cut=is_cut, seconds=time.monotonic() - began, violations=violations))
    assert bool(violations) == is_cut


async def _found(trial: Trial, twin: Twin) -> list[Violation]:
    return [violation for violation in trial.violations() if violation.check in twin.found_by]


def test_each_guard_has_its_twin() -> None:
    assert TWINS.keys() == GUARDS.keys()
