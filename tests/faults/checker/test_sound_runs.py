"""The checker finds nothing in a run that kept its promises, however odd it looks."""

import pytest

from tests.faults.checker.changes import a_story, ask_for, final
from tests.faults.checker.check import violations
from tests.faults.checker.figures import figures
from tests.faults.checker.odd_commands import ODD_COMMANDS, Odd
from tests.faults.checker.odd_decisions import ODD_DECISIONS, other_content_raced_and_lost
from tests.faults.checker.odd_lists import ODD_LISTS
from tests.faults.checker.odd_reads import ODD_READS
from tests.faults.checker.odd_streams import ODD_STREAMS
from tests.faults.checker.staged import Staged


def _catch_up(run: Staged) -> None:
    """What a change added to the log is in the read models in the end."""
    for projection in ("orders", "families"):
        if final(run, projection).position < run.log.head:
            run.take_dump(projection)


def test_the_story_is_right() -> None:
    assert violations(a_story().evidence()) == []


_ODD = [*ODD_COMMANDS, *ODD_DECISIONS, *ODD_READS, *ODD_LISTS, *ODD_STREAMS]


@pytest.mark.parametrize("odd", _ODD, ids=lambda odd: odd.__name__)
def test_what_only_looks_wrong_passes(odd: Odd) -> None:
    run = a_story()
    odd(run)
    _catch_up(run)
    assert violations(run.evidence()) == []


def test_a_run_may_begin_on_a_log_that_is_not_empty() -> None:
    run = a_story()
    evidence = run.evidence()
    evidence.begins_after = 5
    evidence.calls = [call for call in evidence.calls if call.receipt is None or call.receipt.position > 5]
    assert violations(evidence) == []
    evidence.begins_after = 0
    assert {violation.check for violation in violations(evidence)} == {"C2", "money"}


def test_every_check_had_something_to_look_at() -> None:
    run = a_story()
    ask_for(run["read o2"], fully_consistent=True)
    other_content_raced_and_lost(run)
    nothing = [name for name, count in figures(run.evidence()).items() if count == 0]
    assert nothing == []
