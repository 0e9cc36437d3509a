"""Not only the changes that someone thought of: any one thing that is changed anywhere is seen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.checker.changes import a_story, final
from tests.faults.checker.check import violations
from tests.faults.checker.evidence_file import load, main, save
from tests.faults.checker.findings import Evidence
from tests.faults.checker.read_dump import ReadDump
from tests.faults.checker.staged import Staged

Chosen = Callable[[list[Any]], Any]


def _checks(evidence: Evidence) -> set[str]:
    return {violation.check for violation in violations(evidence)}


def _lose(table: dict[Any, Any], choose: Chosen) -> None:
    del table[choose(sorted(table))]


def _alter(table: dict[Any, Any], choose: Chosen) -> None:
    table[choose(sorted(table))] += 1


def _exchange(dump: ReadDump, choose: Chosen) -> None:
    """Two documents of one view in each other's place."""
    view = choose(["order_summary", "order_details", "product"])
    one, other = sorted(key for key in dump.documents if key[0] == view)[:2]
    documents = dump.documents
    documents[one], documents[other] = documents[other], documents[one]


def _forget_member(dump: ReadDump, choose: Chosen) -> None:
    sets = [dump.rows, dump.terms, dump.grams, dump.text_members]
    tables: Any = choose(sets)
    members = tables[choose(sorted(tables))]
    lost = choose(sorted(members))
    if isinstance(members, dict):
        del members[lost]
    else:
        members.remove(lost)


_CHANGES: dict[str, Callable[[ReadDump, Chosen], None]] = {
    "a document is lost": lambda dump, choose: _lose(dump.documents, choose),
    "documents are exchanged": _exchange,
    "a score is lost": lambda dump, choose: _lose(dump.scores, choose),
    "a score is altered": lambda dump, choose: _alter(dump.scores, choose),
    "a sum is lost": lambda dump, choose: _lose(dump.tallies, choose),
    "a sum is altered": lambda dump, choose: _alter(dump.tallies, choose),
    "a member is lost": _forget_member,
}


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(sorted(_CHANGES)))
def test_any_change_of_the_read_models_is_seen(data: st.DataObject, change: str) -> None:
    run = a_story()
    _CHANGES[change](final(run), lambda options: data.draw(st.sampled_from(options)))
    assert "C8" in _checks(run.evidence())


def _take_out(run: Staged, label: str) -> None:
    """The log as if a command had never been: later positions and versions move down."""
    command_id, log = run[label].command_id, run.log
    kept = [event for event in log.events if event.command_id != command_id]
    versions: dict[str, int] = {}
    log.events = []
    for position, event in enumerate(kept, start=1):
        versions[event.stream] = versions.get(event.stream, 0) + 1
        log.events.append(replace(event, position=position, version=versions[event.stream]))
    log.head = len(kept)
    log.commands = [row for row in log.commands if row.command_id != command_id]


_ACCEPTED = sorted(label for label, call in a_story().calls.items() if call.receipt is not None)


@pytest.mark.parametrize("label", _ACCEPTED)
def test_any_accepted_command_that_is_gone_without_a_trace_is_missed(label: str) -> None:
    run = a_story()
    _take_out(run, label)
    assert "C1" in _checks(run.evidence())


@pytest.mark.parametrize("label", _ACCEPTED)
def test_any_command_that_nobody_is_known_to_have_sent_is_seen(label: str) -> None:
    run = a_story()
    command_id = run[label].command_id
    evidence = run.evidence()
    evidence.calls = [call for call in evidence.calls if call.command_id != command_id]
    assert "C2" in _checks(evidence)


def test_kept_evidence_says_the_same_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = a_story().evidence(), a_story().evidence()
    bad.log.head += 1
    save(good, tmp_path / "good")
    save(bad, tmp_path / "bad")
    assert _checks(load(tmp_path / "bad")) == _checks(bad)
    assert (main([str(tmp_path / "good")]), main([str(tmp_path / "bad")])) == (0, 1)
    assert "C4" in capsys.readouterr().out
