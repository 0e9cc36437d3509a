"""Events of the orders domain in a real log, appended without the write service."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from google.protobuf import descriptor_pb2
from google.protobuf.message import Message

from event_store import Append, Appended, EventStore, NewEvent, StreamRead
from projector.orders import ORDERS
from tests.order_events import stream_of
from tests.postgres_server import LogDatabase


@asynccontextmanager
async def order_log(database: LogDatabase) -> AsyncIterator[EventStore]:
    """The write side of a log that knows the events of orders."""
    store = EventStore(database.writer_url)
    await store.open()
    file = descriptor_pb2.FileDescriptorProto()
    ORDERS.events[0].DESCRIPTOR.file.CopyToProto(file)
    explained = descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString(deterministic=True)
    await store.register_event_types([event.DESCRIPTOR.full_name for event in ORDERS.events], explained)
    try:
        yield store
    finally:
        await store.close()


async def append(store: EventStore, messages: Sequence[Message], *, after_version: int = 0) -> int:
    """Append events as one command, all streams of which are at that version; answer the last position."""
    streams = Counter(stream_of(message)[0] for message in messages)
    outcome = await store.append(
        Append(
            command_id=uuid4(),
            fingerprint=b"",
            response=b"",
            stream=stream_of(messages[0])[0],
            reads=tuple(StreamRead(stream=stream, version=after_version) for stream in streams),
            events=tuple(_new(message) for message in messages),
            actor="the test",
        )
    )
    assert isinstance(outcome, Appended), outcome
    return outcome.stored.position


def _new(message: Message) -> NewEvent:
    stream, category = stream_of(message)
    return NewEvent(
        stream=stream,
        category=category,
        type=message.DESCRIPTOR.full_name,
        payload=message.SerializeToString(),
    )
