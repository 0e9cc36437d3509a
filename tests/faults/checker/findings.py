"""What the checker is given, and what it finds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from tests.faults.checker.calls import Call
from tests.faults.checker.documents import Documents
from tests.faults.checker.log_dump import LogDump, LogIndex
from tests.faults.checker.read_dump import ReadDump


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A broken promise: the check that saw it, and what it saw."""

    check: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far an answer may be from the truth, in seconds.

    A projector that dies is missed after `silence_seconds`; until then an answer that says that
    nothing is missing is believed. `lag_slack_seconds` is for the clocks' own paces.
    """

    lag_slack_seconds: float = 1.0
    stale_after_seconds: float = 5.0
    recovery_seconds: float = 30.0
    fork_grace_seconds: float = 5.0
    # A call that gives less time than this may run out of it on a sound system.
    hurried_seconds: float = 1.0
    silence_seconds: float = 3.0


@dataclass(kw_only=True)
class Evidence:
    """All that is known of a run, on one monotonic clock.

    Positions up to `begins_after` were in the log before the first call. `read_models` were taken at any
    moments; `final` ones after all faults were healed, at `healed_at`, and everything had caught up.
    """

    calls: list[Call]
    log: LogDump
    read_models: list[ReadDump] = field(default_factory=list)
    final: list[ReadDump] = field(default_factory=list)
    begins_after: int = 0
    healed_at: float | None = None
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def index(self) -> LogIndex:
        return LogIndex(self.log)

    @cached_property
    def documents(self) -> Documents:
        return Documents(self.index)

    @cached_property
    def commands(self) -> list[Call]:
        return [call for call in self.calls if call.command_id is not None]

    @cached_property
    def queries(self) -> list[Call]:
        return [call for call in self.calls if call.command_id is None]


Findings = Iterable[Violation]


def found(check: str, what: str) -> Violation:
    return Violation(check=check, what=what)
