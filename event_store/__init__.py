"""How the log is kept: one gapless sequence of events in Postgres, appended atomically, read in order."""

from event_store.epochs import BegunEpoch, begin_epoch
from event_store.errors import (
    CommitOutcomeUnknown,
    HistoryReplaced,
    LogFull,
    StoreError,
    StoreUnavailable,
    UnregisteredEventType,
)
from event_store.events import (
    Append,
    Appended,
    Attempt,
    DescriptorSet,
    Duplicate,
    LoadedStream,
    LogHead,
    LogPage,
    LogPartition,
    NewEvent,
    OthersEvent,
    Outcome,
    PageBound,
    PredecessorFailed,
    StoredCommand,
    StoredEvent,
    StreamEvents,
    StreamRead,
    WrongVersion,
)
from event_store.hints import Hints
from event_store.log import EventLog
from event_store.migration import create_roles, migrate
from event_store.store import EventStore

__all__ = [
    "Append",
    "Appended",
    "Attempt",
    "BegunEpoch",
    "CommitOutcomeUnknown",
    "DescriptorSet",
    "Duplicate",
    "EventLog",
    "EventStore",
    "Hints",
    "HistoryReplaced",
    "LoadedStream",
    "LogFull",
    "LogHead",
    "LogPage",
    "LogPartition",
    "NewEvent",
    "OthersEvent",
    "Outcome",
    "PageBound",
    "PredecessorFailed",
    "StoreError",
    "StoreUnavailable",
    "StoredCommand",
    "StoredEvent",
    "StreamEvents",
    "StreamRead",
    "UnregisteredEventType",
    "WrongVersion",
    "begin_epoch",
    "create_roles",
    "migrate",
]
