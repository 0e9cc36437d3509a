"""C4 versions and positions without holes or twins, C5 real time in a stream, C6 real time across streams."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from tests.faults.checker.calls import Call
from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.log_dump import LogDump, LogEvent
from tests.faults.checker.times import Times


def without_holes(evidence: Evidence) -> Findings:
    """C4: positions 1..head, versions 1..k of each stream, one stored answer for each command's events."""
    log = evidence.log
    for expected, event in enumerate(log.events, start=1):
        if event.position != expected:
            yield found("C4", f"{event.place}: position {expected} should stand there")
            break
    if log.head != len(log.events):
        yield found("C4", f"the head is at {log.head}, there are {len(log.events)} events")
    for stream, events in evidence.index.by_stream.items():
        if [event.version for event in events] != list(range(1, len(events) + 1)):
            yield found("C4", f"{stream} has versions {[event.version for event in events][:20]}")
    yield from _odd_rows(log)
    yield from _unmatched_commands(evidence)


def _odd_rows(log: LogDump) -> Iterator[Violation]:
    for event_id, times in Counter(event.event_id for event in log.events).items():
        if times > 1:
            yield found("C4", f"event id {event_id} stands {times} times in the log")
    for event in log.events:
        if not event.stream.startswith(f"{event.category}-"):
            yield found("C4", f"{event.place}: its category is {event.category}")
    for before, after in pairwise(log.events):
        if after.recorded_at < before.recorded_at:
            yield found("C4", f"{after.place}: recorded before position {before.position}")


def _unmatched_commands(evidence: Evidence) -> Iterator[Violation]:
    by_command = evidence.index.by_command
    stored = {command.command_id: command for command in evidence.log.commands}
    for command_id, events in by_command.items():
        row = stored.get(command_id)
        if row is None:
            yield found("C4", f"{events[0].place}: no answer is stored for command {command_id}")
            continue
        main = [event.version for event in events if event.stream == row.stream]
        if not main or (row.position, row.version) != (events[-1].position, main[-1]):
            what = f"{row.stream} version {row.version} at position {row.position}"
            yield found("C4", f"the stored answer of command {command_id} says {what}, the log does not")
    for command_id in stored.keys() - by_command.keys():
        yield found("C4", f"an answer is stored for command {command_id}, which has no events")


def real_time_of_streams(evidence: Evidence) -> Findings:
    """C5: an expected version was the version when the command took effect, and a refusal for another one
    was true at some moment of the call."""
    times = Times(evidence)
    for call in evidence.commands:
        if call.expected_version is None:
            continue
        if call.receipt is not None and evidence.log.holds(call.receipt.epoch, call.receipt.position):
            yield from _appended_elsewhere(evidence, call)
        last = call.last
        is_refused = last is not None and last.kind == "fail" and last.reason == "WRONG_EXPECTED_VERSION"
        if is_refused:
            yield from _falsely_refused(evidence, times, call)


def _appended_elsewhere(evidence: Evidence, call: Call) -> Iterator[Violation]:
    assert call.command_id is not None
    assert call.receipt is not None
    assert call.expected_version is not None
    events = evidence.index.by_command.get(call.command_id, [])
    versions = [event.version for event in events if event.stream == call.receipt.stream]
    if versions and versions[0] != call.expected_version + 1:
        what = f"accepted on version {versions[0] - 1}, expected {call.expected_version}"
        yield found("C5", f"{call.place}: {what}")


class _Stream:
    """What is known of a stream in the time of a call: what a later restore took from it is not."""

    def __init__(self, evidence: Evidence, times: Times, call: Call) -> None:
        self._times, self._call, self._stream = times, call, call.stream or ""
        self._index = evidence.index
        forks = evidence.log.forks.values()
        self._is_whole = not any(fork.replaced_at >= call.at for fork in forks)
        shared = (fork.common_position for fork in forks if fork.replaced_at >= call.at)
        self._shared = min(shared, default=evidence.log.head)

    def _event(self, version: int) -> LogEvent | None:
        event = self._index.event(self._stream, version)
        return event if event is not None and event.position <= self._shared else None

    def was_made_before_call(self, version: int) -> bool:
        event = self._event(version)
        return version == 0 or (event is not None and self._times.acknowledged(event) < self._call.at)

    def was_not_made_until_answer(self, version: int) -> bool:
        event = self._event(version)
        return self._is_whole if event is None else self._times.sent(event) > self._call.ended


def _falsely_refused(evidence: Evidence, times: Times, call: Call) -> Iterator[Violation]:
    expected, said = call.expected_version, call.last.current_version if call.last else None
    if call.stream is None or expected is None:
        return
    stream = _Stream(evidence, times, call)
    if stream.was_made_before_call(expected) and stream.was_not_made_until_answer(expected + 1):
        yield found("C5", f"{call.place}: {call.stream} was at {expected}, as expected, all the time")
    if said is None:
        return
    if said > 0 and stream.was_not_made_until_answer(said):
        yield found("C5", f"{call.place}: refused for version {said} of {call.stream}, not there yet")
    elif stream.was_made_before_call(said + 1):
        yield found("C5", f"{call.place}: refused for version {said} of {call.stream}, over by then")


def real_time_of_the_log(evidence: Evidence) -> Findings:
    """C6: what was acknowledged before another command was sent stands before it in the log."""
    times = Times(evidence)
    rows = []
    for command_id, taken in times.taken.items():
        events = evidence.index.by_command.get(command_id)
        if events:
            rows.append((taken, events[0].position))
    acknowledged = sorted(rows, key=lambda row: row[0].acknowledged)
    at, highest, whose = 0, 0, ""
    for taken, position in sorted(rows, key=lambda row: row[0].sent):
        while at < len(acknowledged) and acknowledged[at][0].acknowledged < taken.sent:
            if acknowledged[at][1] > highest:
                highest, whose = acknowledged[at][1], acknowledged[at][0].place
            at += 1
        if position < highest:
            yield found("C6", f"{taken.place} is at {position}, sent after {whose} was accepted at {highest}")
