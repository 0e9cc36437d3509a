"""C15: once the faults are over, everything works again and has caught up."""

from collections.abc import Iterator

from tests.faults.checker.calls import TRANSIENT, Call
from tests.faults.checker.findings import Evidence, Findings, Violation, found


def works_again(evidence: Evidence) -> Findings:
    """C15: calls are answered by the rules again, checkpoints are at the head, nothing is paused."""
    if evidence.healed_at is None:
        return
    from_then_on = evidence.healed_at + evidence.limits.recovery_seconds
    for call in evidence.calls:
        if call.at > from_then_on:
            yield from _unanswered(call, evidence.limits.hurried_seconds)
    log = evidence.log
    for dump in evidence.final:
        if dump.position != log.head:
            yield found("C15", f"{dump.place}: the log ends at {log.head}")
        if dump.is_paused:
            yield found("C15", f"{dump.place} is paused")


def _unanswered(call: Call, hurried_seconds: float) -> Iterator[Violation]:
    last = call.last
    if last is None:
        yield found("C15", f"{call.place}: not answered")
    elif last.code == "DEADLINE_EXCEEDED" and last.at - call.at < hurried_seconds:
        return
    elif last.kind != "ok" and (last.code is None or last.code in TRANSIENT):
        yield found("C15", f"{call.place}: {last.code} {last.reason}")
