"""One command under way: whose it is, its request with all ids filled in, and its time."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from write_service.decider import Command, Decision, States, Stream
from write_service.ids import new_id
from write_service.receipts import Receipts
from write_service.refusals import WrongExpectedVersion

# The most that a command without a deadline may take, and what must be left to still answer in time.
_LONGEST_SECONDS = 30.0
_ANSWER_SECONDS = 0.1


# Not frozen, since that would take three times as long to make; yet nothing changes it.
@dataclass(slots=True, kw_only=True, eq=False)
class Execution:
    """A command of a caller; `give_up_at` is on the event loop's clock."""

    command: Command[Any, Any]
    request: Any
    command_id: UUID
    fingerprint: bytes
    expected_version: int | None
    actor: str
    correlation_id: str | None
    causation_id: str | None
    main: Stream[Any]
    now: Timestamp
    give_up_at: float

    def reads(self, main_state: Any) -> list[Stream[Any]]:
        """Every stream that the decision reads, the main stream first."""
        return [self.main, *self.command.reads(self.request, main_state)]

    def other_reads(self, main_state: Any) -> Sequence[Stream[Any]]:
        """The same without the main stream."""
        return tuple(self.command.reads(self.request, main_state))

    def decide(self, version: int, states: Mapping[str, Any]) -> Decision:
        """The events; raises CommandRejected, or WrongExpectedVersion for this version of the main stream."""
        if self.expected_version is not None and self.expected_version != version:
            raise WrongExpectedVersion(self.main.name, self.expected_version, version)
        return self.command.decide(self.request, States(states), self.now)


def begin(
    command: Command[Any, Any],
    request: Any,
    receipts: Receipts,
    *,
    actor: str,
    deadline: float = math.inf,
) -> Execution:
    """Take a valid request over; `deadline` is on the event loop's clock. The request may be changed."""
    context = request.context
    given_id = context.command_id
    # A valid id is one of 36 characters, whose letters whoever repeats a command may spell in another way.
    if (spelled := given_id.lower()) != given_id:
        context.command_id = spelled
    # Before anything is filled in: a repeat has to look the same.
    fingerprint = receipts.fingerprint(command.name, request)
    if command.creates and not getattr(request, command.creates):
        setattr(request, command.creates, new_id())
    return Execution(
        command=command,
        request=request,
        command_id=UUID(spelled),
        fingerprint=fingerprint,
        expected_version=context.expected_version if context.HasField("expected_version") else None,
        actor=actor,
        correlation_id=context.correlation_id or None,
        causation_id=context.causation_id or None,
        main=command.stream(request),
        now=_now(),
        give_up_at=min(deadline - _ANSWER_SECONDS, time.monotonic() + _LONGEST_SECONDS),
    )


def _now() -> Timestamp:
    # Microseconds, as the log keeps its own times.
    microseconds = time.time_ns() // 1000
    return Timestamp(seconds=microseconds // 1_000_000, nanos=microseconds % 1_000_000 * 1000)
