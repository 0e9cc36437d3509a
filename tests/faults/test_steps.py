"""The order of faults: the same for the same seed, and of the kinds that are wanted."""

from itertools import islice

import pytest

from failpoints import POINTS
from tests.faults.run import KINDS, RARE_KINDS
from tests.faults.steps import Step, rotation, steps


def _first(seed: int, *wanted: str, count: int = 400) -> list[Step]:
    return list(islice(steps(seed, KINDS, wanted), count))


def test_a_seed_repeats_its_faults_with_all_their_details() -> None:
    assert _first(7) == _first(7)
    assert [step.chance.random() for step in _first(7)] == [step.chance.random() for step in _first(7)]
    assert _first(7) != _first(8)


def test_every_kind_comes_up() -> None:
    assert {step.kind for step in _first(1, count=3000)} == set(KINDS)


def test_kinds_are_wanted_by_name_or_by_what_they_begin_with() -> None:
    assert {step.kind for step in _first(1, "kill", "link.cut")} == {
        "kill.write_service",
        "kill.projector",
        "kill.read_service",
        "kill.together",
        "link.cut",
    }


def test_a_kind_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="there are kill"):
        _first(1, "kil")


def test_what_needs_long_or_a_disk_of_its_own_comes_only_when_asked_for() -> None:
    assert not KINDS.keys() & RARE_KINDS.keys()


def test_each_failpoint_is_a_fault() -> None:
    for module, points in POINTS.items():
        assert {f"strike.{module}.{point}" for point in points} <= KINDS.keys()


def test_a_rotation_tries_each_kind_once_before_it_tries_one_again() -> None:
    count = 7
    seeds = range(1, len(KINDS) // count + 1)
    tried = [step.kind for seed in seeds for step in rotation(seed, KINDS, count)]
    assert len(set(tried)) == len(tried) > len(KINDS) - count
    assert list(rotation(3, KINDS, count)) == list(rotation(3, KINDS, count))
