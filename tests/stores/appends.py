"""Appends for tests of the log."""

from uuid import UUID, uuid4

from event_store import Append, Appended, Attempt, EventStore, NewEvent, StoredCommand, StreamRead
from tests.postgres_server import EVENT_TYPES


def an_event(stream: str, payload: bytes = b"payload", type_name: str = EVENT_TYPES[0]) -> NewEvent:
    """An event whose category is the part of its stream before the last dash."""
    return NewEvent(stream=stream, category=stream.rpartition("-")[0], type=type_name, payload=payload)


def an_append(
    stream: str,
    version: int,
    *,
    also: dict[str, int] | None = None,
    reads: dict[str, int] | None = None,
    events: int = 1,
    command_id: UUID | None = None,
    response: bytes = b"response",
    fingerprint: bytes = b"fingerprint",
    correlation_id: str | None = None,
    follows: tuple[Attempt, ...] = (),
) -> Append:
    """An event on each written stream: `stream` and `also`, with the version seen; `reads` are only read."""
    written = {stream: version, **(also or {})}
    seen = {**written, **(reads or {})}
    return Append(
        command_id=command_id or uuid4(),
        fingerprint=fingerprint,
        response=response,
        stream=stream,
        reads=tuple(StreamRead(stream=name, version=at) for name, at in seen.items()),
        events=tuple(an_event(name) for name in written for _ in range(events)),
        actor="tester",
        correlation_id=correlation_id,
        causation_id=None,
        follows=follows,
    )


async def appended(store: EventStore, append: Append) -> StoredCommand:
    """The stored command of an append that has to be accepted."""
    outcome = await store.append(append)
    assert isinstance(outcome, Appended), outcome
    return outcome.stored
