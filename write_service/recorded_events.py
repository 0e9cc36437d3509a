"""Events of the log as they are sent: encoded once, payloads never decoded, in batches of bounded size."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from diptych.eventlog.v1.event_log_service_pb2 import EventFilter, RecordedEvent
from google.protobuf.any_pb2 import Any as AnyMessage

from event_store import StoredEvent
from write_service.timestamps import timestamp
from write_service.wire import field

MOST_EVENTS = 500
MOST_BYTES = 1024 * 1024
# Field 1 of every response of the service.
_EVENTS_FIELD = 1
_TYPE_PREFIX = "type.googleapis.com/"


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, and its bytes as an element of `events` in a response."""

    event: StoredEvent
    content: bytes


def recorded(event: StoredEvent) -> Recorded:
    """Encode an event."""
    message = RecordedEvent(
        position=event.position,
        stream=event.stream,
        version=event.version,
        event_id=str(event.event_id),
        type=event.type,
        payload=AnyMessage(type_url=_TYPE_PREFIX + event.type, value=event.payload),
        recorded_at=timestamp(event.recorded_at),
        actor=event.actor,
        command_id=str(event.command_id),
        correlation_id=event.correlation_id or "",
        causation_id=event.causation_id or "",
        category=event.category,
    )
    return Recorded(event, field(_EVENTS_FIELD, message.SerializeToString()))


def batches(events: Iterable[Recorded]) -> Iterator[Sequence[Recorded]]:
    """The events in their order, at most 500 and about 1 MiB at a time; nothing for no events."""
    batch: list[Recorded] = []
    size = 0
    for each in events:
        if batch and (len(batch) >= MOST_EVENTS or size + len(each.content) > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += len(each.content)
    if batch:
        yield batch


def joined(batch: Sequence[Recorded], rest: bytes = b"") -> bytes:
    """A response of these events, and of the fields in `rest`."""
    return b"".join(each.content for each in batch) + rest


class Filter:
    """Which events a caller wants; every part that is given must be met."""

    def __init__(self, wanted: EventFilter) -> None:
        self.categories = tuple(wanted.categories)
        self.types = tuple(wanted.event_types)
        self.correlation_id = wanted.correlation_id or None

    def keeps(self, event: StoredEvent) -> bool:
        """Whether the event is wanted."""
        return (
            (not self.categories or event.category in self.categories)
            and (not self.types or event.type in self.types)
            and (self.correlation_id is None or event.correlation_id == self.correlation_id)
        )
