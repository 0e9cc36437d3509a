"""The whole log as its owner sees it, read in one snapshot past all code of the product."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

import psycopg
from diptych.families.v1 import events_pb2 as family_events
from diptych.orders.v1 import events_pb2 as order_events
from google.protobuf.message import Message
from psycopg.abc import Query

_TYPES: dict[str, type[Message]] = {
    file.message_types_by_name[name].full_name: getattr(module, name)
    for module in (order_events, family_events)
    for file in (module.DESCRIPTOR,)
    for name in file.message_types_by_name
}

_EVENTS: Query = """
SELECT e.position, e.stream, e.version, e.category, t.name, e.payload, e.event_id, e.recorded_at,
e.command_id, coalesce(e.correlation_id, ''), coalesce(e.causation_id, '')
FROM event_log.events AS e LEFT JOIN event_log.event_types AS t ON t.id = e.type_id ORDER BY e.position
"""
_COLUMNS = (
    "position",
    "stream",
    "version",
    "category",
    "type",
    "payload",
    "event_id",
    "recorded_at",
    "command_id",
    "correlation_id",
    "causation_id",
)
_COMMANDS: Query = "SELECT command_id, stream, version, position, recorded_at FROM event_log.commands"
_HEAD: Query = "SELECT epoch, position FROM event_log.log_head"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """A row of the log."""

    position: int
    stream: str
    version: int
    category: str
    type: str
    payload: bytes
    event_id: UUID
    recorded_at: datetime
    command_id: UUID
    correlation_id: str = ""
    causation_id: str = ""

    @property
    def message(self) -> Message:
        return _TYPES[self.type].FromString(self.payload)

    @property
    def place(self) -> str:
        return f"{self.stream} version {self.version} at position {self.position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCommand:
    """A row of the commands that were accepted."""

    command_id: UUID
    stream: str
    version: int
    position: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """A history that was given up: up to which position it is part of the log of today, and since when
    (on the clients' clock) it is no more the log."""

    common_position: int
    replaced_at: float


@dataclass(slots=True, kw_only=True)
class LogDump:
    """All rows, events by position. `forks` are the epochs that the log had before its own."""

    epoch: UUID
    head: int
    events: list[LogEvent]
    commands: list[StoredCommand]
    forks: dict[UUID, Fork] = field(default_factory=dict)

    def holds(self, epoch: UUID, position: int) -> bool:
        """Whether what that history had up to the position is in this log."""
        if epoch == self.epoch or position == 0:
            return True
        fork = self.forks.get(epoch)
        return fork is not None and position <= fork.common_position


def fork_between(before: LogDump, after: LogDump, replaced_at: float) -> Fork:
    """What a log has in common with the one that it was put in the place of: the same first events."""
    pairs = zip(before.events, after.events, strict=False)
    common = 0
    for common, (old, new) in enumerate(pairs, start=1):
        if old.event_id != new.event_id:
            return Fork(common_position=common - 1, replaced_at=replaced_at)
    return Fork(common_position=common, replaced_at=replaced_at)


def microseconds_of(instant: datetime) -> int:
    """Since 1970, exact."""
    return int(instant.timestamp()) * 1_000_000 + instant.microsecond


class LogIndex:
    """Ways into a dump; made once for all checks."""

    def __init__(self, log: LogDump) -> None:
        self.log = log
        self.by_position = {event.position: event for event in log.events}
        self.by_command = defaultdict[UUID, list[LogEvent]](list)
        self.by_stream = defaultdict[str, list[LogEvent]](list)
        for event in log.events:
            self.by_command[event.command_id].append(event)
            self.by_stream[event.stream].append(event)

    @cached_property
    def _positions(self) -> dict[str, list[int]]:
        return {stream: [event.position for event in events] for stream, events in self.by_stream.items()}

    def version_at(self, stream: str, position: int) -> int:
        """How many events the stream had up to a position."""
        return bisect_right(self._positions.get(stream, []), position)

    def event(self, stream: str, version: int) -> LogEvent | None:
        """The stream's event of that version."""
        events = self.by_stream.get(stream, [])
        return events[version - 1] if 0 < version <= len(events) else None


def read_log(owner_url: str) -> LogDump:
    """The log at one moment."""
    with psycopg.connect(owner_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        events = connection.execute(_EVENTS).fetchall()
        commands = connection.execute(_COMMANDS).fetchall()
        head = connection.execute(_HEAD).fetchone()
    assert head is not None, "the log has no head row"
    return LogDump(
        epoch=head[0],
        head=head[1],
        events=[LogEvent(**dict(zip(_COLUMNS, row, strict=True))) for row in events],
        commands=[
            StoredCommand(command_id=id_, stream=stream, version=version, position=position, recorded_at=at)
            for id_, stream, version, position, at in commands
        ],
    )
