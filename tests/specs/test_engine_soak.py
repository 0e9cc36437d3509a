"""What a soak of the engine takes for a leak."""

from dataclasses import replace

import pytest

from bench.engine_soak import _judged
from bench.served_soak import KEPT_CALLS, Held

_HELD = Held(calls=0, rss_bytes=90_000_000, objects=60_000, calls_held=0, tasks=2, files=21, threads=10)
_LINES = [replace(_HELD, calls=1_000 * number) for number in range(8)]


def test_what_stays_as_it_is_or_comes_and_goes_is_no_leak() -> None:
    moved = [
        *_LINES[:3],
        replace(_LINES[3], files=23, threads=11),
        *_LINES[4:7],
        replace(_LINES[7], threads=11),
    ]
    assert (_judged(_LINES, 0), _judged(moved, 0)) == (0, 0)


@pytest.mark.parametrize("leak", [{"calls_held": 1}, {"files": 22}, {"threads": 11}])
def test_what_is_left_in_the_end_is_told(leak: dict[str, int]) -> None:
    assert _judged([*_LINES[:-1], replace(_LINES[-1], **leak)], 0) == 1


def test_the_one_call_that_grpc_aio_keeps_is_no_leak_and_a_second_is() -> None:
    for held, found in ((1, 0), (2, 1)):
        assert _judged([*_LINES[:-1], replace(_LINES[-1], calls_held=held)], KEPT_CALLS["aio"]) == found
