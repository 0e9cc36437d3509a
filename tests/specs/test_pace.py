"""How fast the walk for damage goes: told by what it waits, without a clock."""

import pytest

from projector.pace import ROWS_OF_A_STEP, Pace

_QUICK_SECONDS = 0.5
_STEPS = 20


def _pace(rest_seconds: float = 100.0) -> Pace:
    return Pace(rows_per_second=ROWS_OF_A_STEP / _QUICK_SECONDS, rest_seconds=rest_seconds)


def _walk(pace: Pace, *positions: int, generation: int = 1) -> list[float]:
    """What a walk waits at its steps, which see these positions one after the other, the rest the last."""
    pace.begin()
    waits = []
    for step in range(_STEPS):
        pace.saw(generation, positions[min(step, len(positions) - 1)])
        waits.append(pace.step())
    pace.end()
    return waits


_QUICK, _AT_REST = [_QUICK_SECONDS] * _STEPS, [100.0 / _STEPS] * _STEPS


def test_what_was_seen_whole_and_has_not_changed_is_looked_at_once_in_its_time() -> None:
    pace = _pace()
    assert [_walk(pace, 7), _walk(pace, 7), _walk(pace, 7)] == [_QUICK, _AT_REST, _AT_REST]


def test_a_walk_that_is_long_at_the_quick_pace_takes_no_longer_at_rest() -> None:
    pace = _pace(rest_seconds=_STEPS * _QUICK_SECONDS / 2)
    assert [_walk(pace, 7), _walk(pace, 7)] == [_QUICK, _QUICK]


def test_what_changes_is_looked_at_quickly_from_then_on_and_once_whole_afterwards() -> None:
    pace = _pace()
    _walk(pace, 7)
    assert _walk(pace, 7, 7, 8) == [*_AT_REST[:2], *_QUICK[2:]]
    assert [_walk(pace, 8), _walk(pace, 8)] == [_QUICK, _AT_REST]


def test_what_changed_during_a_walk_was_not_seen_whole() -> None:
    pace = _pace()
    _walk(pace, 7, 8)
    assert [_walk(pace, 8), _walk(pace, 8)] == [_QUICK, _AT_REST]


@pytest.mark.parametrize("is_anew", [True, False])
def test_another_generation_or_connection_is_looked_at_quickly(is_anew: bool) -> None:
    pace = _pace()
    _walk(pace, 7)
    if is_anew:
        pace.start_over()
    assert _walk(pace, 7, generation=1 if is_anew else 2) == _QUICK
