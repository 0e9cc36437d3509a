"""Log: what the log's own service tells is the log, without hole, twin or swap."""

from collections.abc import Iterator
from typing import Any

from diptych.eventlog.v1 import event_log_service_pb2 as eventlog

from tests.faults.checker.calls import Call
from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.log_dump import LogEvent, microseconds_of
from tests.faults.checker.requests import request_of, response_of
from tests.faults.checker.times import Times

METHODS = ("ReadAll", "ReadStream", "Subscribe")


def told_as_it_is(evidence: Evidence) -> Findings:
    """Log: every answer of a read or a subscription goes on where the one before ended, event by event, and
    a read that came to its end has all that was acknowledged before it began."""
    times = Times(evidence)
    for call in evidence.queries:
        if call.method in METHODS and request_of(call) is not None:
            yield from _Reading(evidence, call).violations(times)


class _Reading:
    """One call against the log as it was in its time: of what a restore took away later nothing is known."""

    def __init__(self, evidence: Evidence, call: Call) -> None:
        self._evidence, self._call, self._request = evidence, call, request_of(call)
        forks = [fork for fork in evidence.log.forks.values() if fork.replaced_at >= call.at]
        self._shared = min((fork.common_position for fork in forks), default=evidence.log.head)
        self._is_whole = not forks
        self._events = self._wanted()
        self._next = 0

    def _wanted(self) -> list[LogEvent]:
        """All events that the call asks for, in their order, as far as they are known."""
        request, index = self._request, self._evidence.index
        if self._call.method == "ReadStream":
            its = index.by_stream.get(request.stream, [])
            first = max(1, request.from_version)
            wanted = [event for event in its if event.version >= first and event.position <= self._shared]
            is_backwards = request.direction == eventlog.DIRECTION_BACKWARDS
            return wanted[::-1] if is_backwards else wanted
        categories, correlation = set(request.filter.categories), request.filter.correlation_id
        types = set(request.filter.event_types)
        return [
            event
            for event in self._evidence.log.events[request.after_position : self._shared]
            if (not categories or event.category in categories)
            and (not types or event.type in types)
            and (not correlation or event.correlation_id == correlation)
        ]

    def violations(self, times: Times) -> Iterator[Violation]:
        reached = getattr(self._request, "after_position", 0)
        for answer in self._call.answers:
            response = response_of(self._call.method, answer.response)
            if response is None:
                continue
            for said in response.events:
                yield from self._compared(said)
            if hasattr(response, "position"):
                yield from self._passed(response, reached)
                reached = response.position
        if self._is_finished():
            yield from self._left_out(times)

    def _compared(self, said: Any) -> Iterator[Violation]:
        if self._next >= len(self._events):
            # What there was of a history that was given up, only those who saw it know.
            if self._is_whole:
                yield self._found(
                    f"{said.stream} version {said.version} at {said.position} is not in the log"
                )
            return
        event = self._events[self._next]
        self._next += 1
        if _row(said) != _logged(event):
            yield self._found(f"told {_place(said)}, next was {event.place}")

    def _passed(self, response: Any, reached: int) -> Iterator[Violation]:
        """Nothing is passed over: the place reached is before the next event that was not told."""
        if response.position < reached:
            yield self._found(f"went back from {reached} to {response.position}")
        if self._next < len(self._events) and self._events[self._next].position <= response.position:
            yield self._found(f"at {response.position} without {self._events[self._next].place}")
        if self._is_whole and response.head > self._evidence.log.head:
            yield self._found(f"the head is said to be {response.head}, beyond the log")

    def _is_finished(self) -> bool:
        last = self._call.last
        is_end = last is not None and last.code == "OK" and last.page is not None and last.page.is_last
        return is_end and not getattr(self._request, "limit", 0)

    def _left_out(self, times: Times) -> Iterator[Violation]:
        for event in self._events[self._next :]:
            if times.acknowledged(event) < self._call.at:
                yield self._found(f"ended before {event.place}, which was acknowledged before")
                return

    def _found(self, what: str) -> Violation:
        return found("log", f"{self._call.place}: {what}")


def _place(said: Any) -> str:
    return f"{said.stream} version {said.version} at position {said.position}"


def _row(said: Any) -> tuple[Any, ...]:
    return (
        said.position,
        said.stream,
        said.version,
        said.event_id,
        said.type,
        said.payload.value,
        said.recorded_at.ToMicroseconds(),
        said.command_id,
        said.correlation_id,
        said.causation_id,
        said.category,
    )


def _logged(event: LogEvent) -> tuple[Any, ...]:
    return (
        event.position,
        event.stream,
        event.version,
        str(event.event_id),
        event.type,
        event.payload,
        microseconds_of(event.recorded_at),
        str(event.command_id),
        event.correlation_id,
        event.causation_id,
        event.category,
    )
