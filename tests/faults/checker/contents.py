"""P3: what a command id was given to first is all that it ever stands for."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from tests.faults.checker.calls import TRANSIENT, Call
from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.log_dump import LogEvent
from tests.faults.checker.requests import request_of, unlike

_REUSED = "COMMAND_ID_REUSED"
# Refusals of what is wrong by itself, before the command id is looked at.
_MALFORMED = "INVALID_ARGUMENT"


def one_content_an_id(evidence: Evidence) -> Findings:
    """P3: other content under a used id is refused as that and has no effect; the same content never is."""
    sends = defaultdict[UUID, list[Call]](list)
    for call in evidence.commands:
        assert call.command_id is not None
        if call.request is not None:
            sends[call.command_id].append(call)
    for command_id, calls in sends.items():
        events = evidence.index.by_command.get(command_id, [])
        yield from _wrongly_refused(calls)
        yield from _of_no_call(calls, events)
        if len({call.request for call in calls}) > 1:
            yield from _let_through(evidence, calls, events)


def effective_calls(evidence: Evidence) -> dict[UUID, Call]:
    """Of each command that is in the log a call that asked for just that, an accepted one where there is."""
    found: dict[UUID, Call] = {}
    for call in sorted(evidence.commands, key=lambda call: not is_accepted(evidence, call)):
        command_id = call.command_id
        if command_id is None or command_id in found or _is_final(call):
            continue
        events = evidence.index.by_command.get(command_id)
        if events and (is_accepted(evidence, call) or _is_of(call, events)):
            found[command_id] = call
    return found


def is_accepted(evidence: Evidence, call: Call) -> bool:
    """Whether the call was told that its command stands in this log."""
    receipt = call.receipt
    return receipt is not None and evidence.log.holds(receipt.epoch, receipt.position)


def _is_final(call: Call) -> bool:
    return call.last is not None and call.last.kind == "fail" and call.last.code not in TRANSIENT


def _is_reused(call: Call) -> bool:
    return call.last is not None and call.last.reason == _REUSED


def _wrongly_refused(calls: Sequence[Call]) -> Iterator[Violation]:
    for call in calls:
        others = [each for each in calls if each.request != call.request and each.at <= call.ended]
        if _is_reused(call) and not others:
            yield found("P3", f"{call.place}: refused with {_REUSED}, and nothing else was sent under its id")


def _of_no_call(calls: Sequence[Call], events: Sequence[LogEvent]) -> Iterator[Violation]:
    """What the log has is what one of those calls asked for that were not refused."""
    asked = [call for call in calls if not _is_final(call)]
    if events and asked and not any(_is_of(call, events) for call in asked):
        yield found("P3", f"{events[0].place}: it is not what {asked[0].place} asked for")


def _let_through(
    evidence: Evidence, calls: Sequence[Call], events: Sequence[LogEvent]
) -> Iterator[Violation]:
    accepted = [call for call in calls if is_accepted(evidence, call)]
    if not accepted:
        return
    first = min(accepted, key=lambda call: call.ended)
    for call in accepted:
        if events and not _is_of(call, events):
            yield found("P3", f"{call.place}: accepted, and {events[0].place} has another content")
        elif call.request != first.request:
            yield found("P3", f"{call.place}: accepted with another content than {first.place}")
    for call in calls:
        is_late = call.request != first.request and call.at > first.ended
        if is_late and _is_final(call) and not _is_reused(call) and _code(call) != _MALFORMED:
            reason = call.last.reason if call.last else None
            yield found("P3", f"{call.place}: refused with {reason}, its id had another content")


def _code(call: Call) -> str | None:
    return call.last.code if call.last else None


def _is_of(call: Call, events: Sequence[LogEvent]) -> bool:
    """Whether the events say what the call asked for, and bear its correlation and causation."""
    request = request_of(call)
    if request is None:
        return True
    asked = request.context.correlation_id, request.context.causation_id
    if any((event.correlation_id, event.causation_id) != asked for event in events):
        return False
    return not any(unlike(request, [event.message for event in events]))
