"""C1 acknowledged is there, C2 nothing comes from nowhere, C3 once."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from uuid import UUID

from tests.faults.checker.calls import TRANSIENT, Call, Point
from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.log_dump import LogEvent
from tests.faults.checker.requests import request_of, unlike


def acknowledged_is_there(evidence: Evidence) -> Findings:
    """C1: the events of every accepted command stand where its receipt says, and say what was asked for."""
    for call in evidence.commands:
        receipt = call.receipt
        if receipt is not None:
            yield from _missing(evidence, call, receipt)


def _missing(evidence: Evidence, call: Call, receipt: Point) -> Iterator[Violation]:
    log = evidence.log
    if not log.holds(receipt.epoch, receipt.position):
        if receipt.epoch not in log.forks:
            yield found("C1", f"{call.place}: the log never had epoch {receipt.epoch}")
        return
    assert call.command_id is not None
    events = evidence.index.by_command.get(call.command_id, [])
    if not events:
        yield found("C1", f"{call.place}: accepted at position {receipt.position}, and nothing is in the log")
        return
    main = [event for event in events if event.stream == receipt.stream]
    if events[-1].position != receipt.position or not main or main[-1].version != receipt.version:
        at = f"{receipt.stream} version {receipt.version} at position {receipt.position}"
        yield found("C1", f"{call.place}: the receipt says {at}, the log {events[-1].place}")
        return
    for difference in unlike(request_of(call), [event.message for event in main]):
        yield found("C1", f"{call.place}: {difference}")


def nothing_from_nowhere(evidence: Evidence) -> Findings:
    """C2: every event's command was sent, and a command that was only ever refused has none."""
    attempts = defaultdict[UUID, list[Call]](list)
    for call in evidence.commands:
        assert call.command_id is not None
        attempts[call.command_id].append(call)
    for command_id, events in evidence.index.by_command.items():
        if events[0].position <= evidence.begins_after:
            continue
        calls = attempts.get(command_id)
        if calls is None:
            yield found("C2", f"{events[0].place}: nobody sent command {command_id}")
        elif all(call.outcome == "fail" and _is_final(call) for call in calls):
            yield found("C2", f"{events[0].place}: {calls[0].place} was refused")


def _is_final(call: Call) -> bool:
    return call.last is not None and call.last.code not in TRANSIENT


def once(evidence: Evidence) -> Findings:
    """C3: one group of positions a command id, equal answers to all sends, and no other content under it."""
    for events in evidence.index.by_command.values():
        yield from _scattered(events)
    attempts = defaultdict[UUID, list[Call]](list)
    for call in evidence.commands:
        assert call.command_id is not None
        attempts[call.command_id].append(call)
    for calls in attempts.values():
        yield from _different_answers(evidence, calls)
        yield from _mixed_up(evidence, calls)
        yield from _forgotten(evidence, calls)


def _scattered(events: list[LogEvent]) -> Iterator[Violation]:
    for before, after in pairwise(events):
        if after.position != before.position + 1:
            what = f"command {after.command_id} has events at {before.position} and {after.position}"
            yield found("C3", what)


def _accepted(evidence: Evidence, calls: list[Call]) -> list[tuple[Call, Point]]:
    receipts = [(call, call.receipt) for call in calls if call.receipt is not None]
    return [(call, it) for call, it in receipts if evidence.log.holds(it.epoch, it.position)]


def _different_answers(evidence: Evidence, calls: list[Call]) -> Iterator[Violation]:
    accepted = _accepted(evidence, calls)
    answers = {(it.stream, it.version, it.position) for _, it in accepted}
    if len(answers) > 1:
        yield found("C3", f"{calls[0].place}: sent again, answered {sorted(answers)}")
    first_times = [call for call, _ in accepted if call.last is not None and call.last.is_replayed is False]
    if len(first_times) > 1:
        yield found("C3", f"{first_times[1].place}: accepted anew, as in {first_times[0].place}")


def _mixed_up(evidence: Evidence, calls: list[Call]) -> Iterator[Violation]:
    # What a restore took away was accepted of another log.
    contents = {call.request for call, _ in _accepted(evidence, calls) if call.request is not None}
    if len({str(request) for request in contents}) > 1:
        yield found("C3", f"{calls[0].place}: its command id was accepted with two contents")


def _forgotten(evidence: Evidence, calls: list[Call]) -> Iterator[Violation]:
    accepted = [call for call, _ in _accepted(evidence, calls)]
    if not accepted:
        return
    first = min(accepted, key=lambda call: call.ended)
    for call in calls:
        is_same = call.request == first.request and call.at > first.ended
        if is_same and call.outcome == "fail" and _is_final(call):
            reason = call.last.reason if call.last else None
            yield found("C3", f"{call.place}: refused with {reason} after {first.place} was accepted")
