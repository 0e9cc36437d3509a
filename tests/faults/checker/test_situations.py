"""What is rare is counted when it came about, and only then."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.checker import odd_commands, odd_decisions, odd_lists, odd_reads
from tests.faults.checker.changes import OTHER_EPOCH, a_story, change_answer, freshness_at
from tests.faults.checker.log_dump import Fork
from tests.faults.checker.sometimes import situations
from tests.faults.checker.staged import Staged


def _a_list_went_on_in_another_generation(run: Staged) -> None:
    change_answer(run["orders"], freshness=replace(freshness_at(run.log.head), generation=2))


def _a_list_went_on_in_another_history(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=100, replaced_at=run.now)
    change_answer(run["orders"], freshness=replace(freshness_at(run.log.head), epoch=OTHER_EPOCH))


_CASES: tuple[tuple[str, Callable[[Staged], object]], ...] = (
    ("a command was accepted and nobody was told", odd_commands.an_answer_was_lost_and_the_command_is_there),
    ("other content came under a used id", odd_commands.other_content_under_a_known_id_was_refused),
    ("one id was sent twice at once", odd_commands.a_command_was_sent_three_times_at_once),
    ("other content raced for an id", odd_decisions.other_content_raced_and_lost),
    ("a receipt was of a history that was given up", odd_commands.what_a_dead_history_alone_had_is_gone),
    ("an answer was late and said so", odd_reads.a_late_answer_says_so),
    ("an answer was stale and said so", odd_reads.a_stale_answer_was_asked_for),
    ("a list went on in another call", odd_lists.a_scan_went_on_in_another_call),
    ("a list went on in another generation", _a_list_went_on_in_another_generation),
    ("a list went on in another history", _a_list_went_on_in_another_history),
    ("a token of an older history was honoured", odd_reads.a_token_of_the_dead_history_is_of_what_both_have),
)


@pytest.mark.parametrize(("what", "change"), _CASES, ids=[what for what, _ in _CASES])
def test_a_rare_thing_is_counted(what: str, change: Callable[[Staged], object]) -> None:
    run = a_story()
    before = situations(run.evidence())[what]
    change(run)
    assert situations(run.evidence())[what] > before


def test_a_quiet_run_had_none_of_most() -> None:
    counted = situations(a_story().evidence())
    assert {what: count for what, count in counted.items() if count} == {
        "another version was expected": 1,
        "a lost answer was given again": 1,
        "a command was lost and nobody was told": 1,
        "another projector took over": 2,
    }
