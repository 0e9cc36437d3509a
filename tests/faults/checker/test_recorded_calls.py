"""Records of load generators become calls with their answers."""

import json
import math
from typing import Any
from uuid import UUID

import pytest

from tests.faults.checker.calls import BrokenHistory, Call, calls_of

_EPOCH = str(UUID(int=7))
_COMMAND = str(UUID(int=1))


def _line(number: int, kind: str, at: float, **fields: Any) -> str:
    record = {"i": number, "kind": kind, "at": at, "process": "load-0", "client": "0-1", "method": "GetOrder"}
    return json.dumps({**record, **fields})


def _calls(*lines: str) -> list[Call]:
    return calls_of(lines)


def test_an_answer_belongs_to_the_call_of_its_number() -> None:
    receipt = {"epoch": _EPOCH, "position": 9, "stream": "order-1", "version": 2, "replayed": True}
    [first, second] = _calls(
        _line(0, "invoke", 1.0, method="ShipOrder", command_id=_COMMAND, request="AAE=", expected_version=1),
        _line(1, "invoke", 1.1, client="0-2", method="ShipOrder", command_id=_COMMAND),
        _line(1, "ok", 1.2, client="0-2", method="ShipOrder", command_id=_COMMAND, receipt=receipt),
        _line(0, "info", 1.3, method="ShipOrder", command_id=_COMMAND, code="UNAVAILABLE"),
    )
    assert (first.outcome, first.ended, first.receipt) == ("info", math.inf, None)
    assert (first.request, first.expected_version, first.command_id) == (b"\x00\x01", 1, UUID(_COMMAND))
    assert second.receipt is not None
    assert (second.ended, second.receipt.position, second.receipt.version) == (1.2, 9, 2)
    assert second.answers[0].is_replayed


def test_a_number_of_its_own_is_no_hindrance() -> None:
    [call] = _calls(
        _line(0, "invoke", 1.0, method="ShipOrder", command_id=_COMMAND),
        _line(1, "fail", 1.2, method="ShipOrder", command_id=_COMMAND, code="NOT_FOUND", reason="X"),
    )
    assert (call.outcome, call.answers[0].reason) == ("fail", "X")


def test_a_stream_has_an_answer_for_each_page() -> None:
    freshness = {"epoch": _EPOCH, "position": 4, "generation": 1, "lag": 0.5, "stale": False, "as_of": 3}
    pages = [{"scan": "s", "n": number, "last": number == 2} for number in (1, 2)]
    lines = [_line(0, "ok", 2.0, rows=["a"], page=page, freshness=freshness) for page in pages]
    [call] = _calls(_line(0, "invoke", 1.0), *lines)
    assert [answer.page.number for answer in call.answers if answer.page] == [1, 2]
    assert call.answers[0].freshness is not None
    assert (call.answers[0].freshness.lag_seconds, call.answers[0].freshness.as_of_us) == (0.5, 3)
    assert call.answers[1].rows == ("a",)


def test_what_was_never_answered_stays_open() -> None:
    [call] = _calls(_line(0, "invoke", 1.0))
    assert (call.last, call.outcome, call.ended) == (None, "info", math.inf)


def test_an_answer_without_its_call_is_refused() -> None:
    with pytest.raises(BrokenHistory):
        _calls(_line(0, "ok", 1.0))
    with pytest.raises(BrokenHistory):
        _calls(_line(0, "invoke", 1.0), _line(0, "ok", 1.1), _line(0, "ok", 1.2))
