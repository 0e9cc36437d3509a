"""A real log of orders and families with real read models, filled without any service."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from google.protobuf import descriptor_pb2
from google.protobuf.message import Message

from event_store import Append, Appended, EventLog, EventStore, NewEvent, StreamRead
from projector.families import FAMILIES
from projector.orders import ORDERS
from projector.projection import Projection
from projector.runner import Runner
from read_store import LIBRARY, HeadAnswers, Library, ReadModelWriter, ReadStore
from tests import family_histories
from tests.faults.checker.findings import Evidence
from tests.faults.checker.log_dump import read_log
from tests.faults.checker.read_dump import ReadDump, read_dump
from tests.faults.checker.staged import stream_of_event
from tests.order_histories import History
from tests.postgres_server import LogDatabase
from tests.valkey_server import TestValkey

PROJECTIONS = (ORDERS, FAMILIES)


@dataclass(slots=True)
class RealShop:
    """Where the log is and how far it has come."""

    database: LogDatabase
    valkey: TestValkey
    store: EventStore
    event_log: EventLog
    reader: ReadStore
    epoch: UUID = field(default_factory=lambda: UUID(int=0))
    position: int = 0
    versions: dict[str, int] = field(default_factory=dict)

    async def append(self, messages: Sequence[Message]) -> None:
        """Append events as one command."""
        named = [stream_of_event(message) for message in messages]
        reads = {stream: self.versions.get(stream, 0) for stream, _ in named}
        outcome = await self.store.append(
            Append(
                command_id=uuid4(),
                fingerprint=b"",
                response=b"",
                stream=named[0][0],
                reads=tuple(StreamRead(stream=stream, version=version) for stream, version in reads.items()),
                events=tuple(
                    NewEvent(
                        stream=stream,
                        category=category,
                        type=message.DESCRIPTOR.full_name,
                        payload=message.SerializeToString(),
                    )
                    for message, (stream, category) in zip(messages, named, strict=True)
                ),
                actor="the test",
            )
        )
        assert isinstance(outcome, Appended), outcome
        for stream, _ in named:
            self.versions[stream] = self.versions.get(stream, 0) + 1
        self.epoch, self.position = outcome.stored.epoch, outcome.stored.position

    async def fill(self, seed: int, steps: int) -> None:
        """Append what so many commands of orders do, and as many events of families in between."""
        dice = random.Random(seed)  # noqa: S311 - a test's dice
        history = History(dice)
        families = list(family_histories.History(dice, most_families=6).steps(steps))
        await self.append(history.beginning())
        for messages, of_family in zip(history.steps(steps), families, strict=True):
            await self.append(messages)
            await self.append([of_family])

    async def caught_up(self) -> None:
        for projection in PROJECTIONS:
            assert await self.reader.reached(projection.name, self.epoch, self.position, 30)

    def look(self) -> list[ReadDump]:
        """The read models as they are now."""
        return [read_dump(self.valkey.admin_url, projection.name) for projection in PROJECTIONS]

    def evidence(self, *dumps: ReadDump, final: Sequence[ReadDump] = ()) -> Evidence:
        """For the checker; no client is known to have asked for what is in the log."""
        log = read_log(self.database.admin_url)
        return Evidence(calls=[], log=log, read_models=list(dumps), final=list(final), begins_after=log.head)

    @asynccontextmanager
    async def projecting(
        self, *projections: Projection, batch_limit: int = 20, library: Library = LIBRARY
    ) -> AsyncIterator[None]:
        """Projectors in this process."""
        async with contextlib.AsyncExitStack() as stack:
            for projection in projections or PROJECTIONS:
                writer = ReadModelWriter(self.valkey.projector_url, projection.name, library=library)
                await writer.open()
                stack.push_async_callback(writer.close)
                answers = HeadAnswers(self.valkey.projector_url, projection.name)
                runner = Runner(
                    projection,
                    log=self.event_log,
                    writer=writer,
                    answers=answers,
                    holder="the test",
                    batch_limit=batch_limit,
                )
                stack.push_async_callback(_ended, asyncio.create_task(runner.run()))
            yield


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@asynccontextmanager
async def a_real_shop(database: LogDatabase, valkey: TestValkey) -> AsyncIterator[RealShop]:
    """An empty log that knows the events of both domains; no read models."""
    store, event_log = EventStore(database.writer_url), EventLog(database.projector_url)
    reader = ReadStore(valkey.reader_url)
    for each in (store, event_log, reader):
        await each.open()
    for projection in PROJECTIONS:
        file = descriptor_pb2.FileDescriptorProto()
        projection.events[0].DESCRIPTOR.file.CopyToProto(file)
        explained = descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString(deterministic=True)
        await store.register_event_types(
            [event.DESCRIPTOR.full_name for event in projection.events], explained
        )
    yield RealShop(database, valkey, store, event_log, reader)
    for each in (reader, event_log, store):
        await each.close()
