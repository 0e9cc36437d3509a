"""What a checkpoint says of itself in one word agrees with what it says in two."""

from dataclasses import replace
from itertools import product
from uuid import UUID

from read_store import Checkpoint
from read_store.merged_checkpoint import merge_checkpoints

_NOW_US = 1_700_000_000_000_000
_PLACE = Checkpoint(
    generation=1,
    epoch=UUID(int=1),
    position=7,
    anchor=None,
    as_of=None,
    head=7,
    events=7,
    version=1,
    sizes=3,
    since_us=_NOW_US - 9_000_000,
    caught_up_us=_NOW_US,
    beat_us=_NOW_US,
    now_us=_NOW_US,
    is_filled=True,
    is_live=True,
)


def test_a_current_read_model_has_no_lag_and_is_not_stale_and_no_other_one_is_so() -> None:
    places = [
        replace(
            _PLACE,
            generation=generation,
            head=head,
            caught_up_us=caught_up_us,
            beat_us=beat_us,
            is_filled=is_filled,
        )
        for generation, head, caught_up_us, beat_us, is_filled in product(
            (0, 1),
            (7, 8),
            (0, _NOW_US - 1, _NOW_US),
            (0, _NOW_US - 4_000_000, _NOW_US - 1, _NOW_US + 1),
            (False, True),
        )
    ]
    assert {place.is_current for place in places} == {False, True}
    for place in places:
        if place.is_current:
            assert (place.lag_seconds(), place.is_stale(0.1)) == (0.0, False)
        for other in (_PLACE, replace(_PLACE, is_filled=False)):
            merged = merge_checkpoints([place, other])
            assert merged.is_current == (place.is_current and other.is_current)
