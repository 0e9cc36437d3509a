"""All checks over the evidence of a run."""

from collections.abc import Callable, Iterator, Sequence

from tests.faults.checker import (
    anomalies,
    commands,
    contents,
    log_order,
    log_reads,
    queries,
    read_models,
    recovery,
    refusals,
    rules,
    scans,
    sums,
    tallied_money,
    watches,
)
from tests.faults.checker.findings import Evidence, Findings, Violation, found

CHECKS: Sequence[Callable[[Evidence], Findings]] = (
    commands.acknowledged_is_there,
    commands.nothing_from_nowhere,
    commands.once,
    contents.one_content_an_id,
    log_order.without_holes,
    log_order.real_time_of_streams,
    log_order.real_time_of_the_log,
    read_models.whole_commands_in_order,
    read_models.equal_to_the_fold,
    queries.never_older_than_the_token,
    queries.equal_to_the_log,
    scans.complete_and_in_order,
    queries.no_younger_than_said,
    read_models.one_writer,
    recovery.works_again,
    rules.decided_on_what_was_so,
    refusals.refused_for_what_was_so,
    sums.no_oversell,
    sums.money_adds_up,
    tallied_money.tallies_add_up,
    log_reads.told_as_it_is,
    watches.watched_as_it_is,
    anomalies.no_anomalies,
)


def violations(evidence: Evidence) -> list[Violation]:
    """Everything that is wrong; empty for a run that kept every promise."""
    return [violation for check in CHECKS for violation in _findings(check, evidence)]


def _findings(check: Callable[[Evidence], Findings], evidence: Evidence) -> Iterator[Violation]:
    try:
        yield from check(evidence)
    except Exception as error:  # noqa: BLE001 - what a check cannot make sense of is a finding
        yield found("unreadable", f"{check.__name__}: {type(error).__name__} {error}")
