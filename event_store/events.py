"""What is appended to the log, what comes back, and what is read from it.

What each command or event makes some of is a named tuple: made in a fraction of a dataclass's time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class NewEvent(NamedTuple):
    """An event to append; `type` is its full protobuf name."""

    stream: str
    category: str
    type: str
    payload: bytes


class StreamRead(NamedTuple):
    """A stream that a decision read, and the version it saw there; 0 when there was no stream."""

    stream: str
    version: int


class Attempt:
    """One attempt of this process at appending a command; the command may be appended by another one too."""

    __slots__ = ("history", "is_appended")

    def __init__(self) -> None:
        # The number of the history that it was decided on.
        self.history = 0
        # Only when the events in the log are known to be those of this very attempt.
        self.is_appended = False


# Neither frozen nor compared: a frozen field costs three times as much to set, and each command has eleven.
@dataclass(slots=True, kw_only=True, eq=False)
class Append:
    """One command's events, appended whole or not at all.

    `response` is what a repeat of the command is answered with, `fingerprint` what tells a repeat from
    other content under the same id. `stream` is the command's main stream; it and every stream written
    are among `reads`. There is at least one event.

    `follows` are attempts handed to the same store before this one, whose events this one was decided on
    or whose effect must come first: it is appended only after all of them. Versions alone would not tell,
    since the version that a failed attempt was to write may be another process's by now.
    """

    command_id: UUID
    fingerprint: bytes
    response: bytes
    stream: str
    reads: tuple[StreamRead, ...]
    events: tuple[NewEvent, ...]
    actor: str
    correlation_id: str | None = None
    causation_id: str | None = None
    follows: tuple[Attempt, ...] = ()
    attempt: Attempt = field(default_factory=Attempt)

    def __post_init__(self) -> None:
        """Refuses what the log could not check: a stream written, but not read; nothing to append."""
        unread = {event.stream for event in self.events}
        unread.add(self.stream)
        unread.difference_update([seen.stream for seen in self.reads])
        if unread or not self.events:
            raise ValueError(f"command {self.command_id} appends to {sorted(unread)} without reading it")


class StoredCommand(NamedTuple):
    """An accepted command: `version` of its main stream after it, `position` of its last event."""

    command_id: UUID
    fingerprint: bytes
    response: bytes
    stream: str
    version: int
    position: int
    recorded_at: datetime
    epoch: UUID


class Appended(NamedTuple):
    """The events are in the log, durably.

    `is_found` says that they were found there after a lost connection: another process may have appended
    the same command with the same answer, and the versions of the streams are then not those expected.
    """

    stored: StoredCommand
    is_found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """The command id was accepted before; `stored` may be of other content: compare fingerprints."""

    stored: StoredCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongVersion:
    """A stream that the decision read has moved on (or doesn't exist: `actual` 0); nothing was appended."""

    stream: str
    expected: int
    actual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PredecessorFailed:
    """An attempt that this one follows was not appended, so neither was this one."""


Outcome = Appended | Duplicate | WrongVersion | PredecessorFailed


class StoredEvent(NamedTuple):
    """An event of the log."""

    position: int
    stream: str
    version: int
    category: str
    type: str
    payload: bytes
    event_id: UUID
    recorded_at: datetime
    command_id: UUID
    actor: str
    correlation_id: str | None
    causation_id: str | None


class OthersEvent(NamedTuple):
    """An event that another process appended, as far as a state is folded from it."""

    stream: str
    version: int
    type: str
    payload: bytes
    command_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvents:
    """Events of a stream, oldest first, as far as a state is folded from them.

    Types and payloads stand side by side. `command_id` is that of the stream's last event, None where there
    are no events.
    """

    types: Sequence[str] = ()
    payloads: Sequence[bytes] = ()
    command_id: UUID | None = None

    def __len__(self) -> int:
        """How many events these are."""
        return len(self.payloads)

    def part(self, start: int, end: int | None = None) -> "StreamEvents":
        """Those from one place to before another."""
        payloads = self.payloads[start:end]
        command_id = self.command_id if payloads else None
        return StreamEvents(types=self.types[start:end], payloads=payloads, command_id=command_id)


class LoadedStream(NamedTuple):
    """A stream's events, and version and state of the snapshot that stands before them, if one does."""

    events: StreamEvents
    snapshot: tuple[int, bytes] | None = None


class PageBound(NamedTuple):
    """The event up to which the log was looked through."""

    position: int
    event_id: UUID
    recorded_at: datetime


class LogPartition(NamedTuple):
    """One of several parts of the log: the events of those streams that fall to it by their names' hash.

    A stream falls to the part with the number of the first byte of its name's SHA-256, modulo `of`.
    """

    number: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Part of the log and where the log ends, seen at one moment.

    `anchor` is the id of the event at the position asked for, None when there is none. `through` is the
    position up to which the log was looked through: the next page is read after it. When `through`
    equals `head`, all that matches has been read. `bound` is the event at `through` where that is not the
    last of the page's own.
    """

    epoch: UUID
    head: int
    events: Sequence[StoredEvent]
    anchor: UUID | None
    through: int
    bound: PageBound | None = None

    @property
    def end(self) -> PageBound | None:
        """The event to go on after; None when nothing follows the position asked for."""
        if self.bound is not None or not self.events:
            return self.bound
        last = self.events[-1]
        return PageBound(last.position, last.event_id, last.recorded_at)


class LogHead(NamedTuple):
    """Where the log ends; `recorded_at` is the time of its last append, or of its making."""

    epoch: UUID
    position: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DescriptorSet:
    """A serialised FileDescriptorSet and the full names of the event types that it explains."""

    hash: bytes
    content: bytes
    types: tuple[str, ...]
