"""A partition of the read store for one test: a writer with a lease and a generation, a reader, batches."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from read_store import LIBRARY, Batch, Frames, Library, Operation, ReadModelWriter, ReadStore, StoredDocument
from tests.valkey_server import TestValkey

VIEW = "thing"
LEASE_SECONDS = 30.0
_numbers = itertools.count(1)


@dataclass(slots=True)
class Partition:
    """What a test writes and reads; `last` is the batch applied last."""

    name: str
    writer: ReadModelWriter
    reader: ReadStore
    token: int
    generation: int
    epoch: UUID
    position: int = 0
    last: Batch | None = None

    def batch(self, *, events: int = 1, **content: Any) -> Batch:
        """The batch that follows what was applied; documents given as id -> bytes."""
        position = self.position + events
        documents = {
            id_: StoredDocument(version=1, position=position, message=message)
            for id_, message in content.pop("documents", {}).items()
        }
        return Batch(
            generation=self.generation,
            epoch=self.epoch,
            after_position=self.position,
            position=position,
            anchor=uuid4(),
            as_of=datetime.now(UTC),
            head=position,
            events=events,
            documents={VIEW: documents} if documents else {},
            **content,
        )

    async def apply(self, **content: Any) -> Batch:
        """Applies the batch that follows."""
        batch = self.batch(**content)
        await self.writer.apply(self.token, batch)
        self.position, self.last = batch.position, batch
        return batch

    async def ask(self, operation: Operation[Any]) -> Any:
        """The result of one operation; of frames, what they are joined to."""
        result: Any = (await self.reader.read_one(self.name, operation))[1]
        return self.reader.joined(self.name, result) if isinstance(result, Frames) else result


@asynccontextmanager
async def a_partition(valkey: TestValkey, *, library: Library = LIBRARY) -> AsyncIterator[Partition]:
    """A partition with a name of its own and one empty generation."""
    name = f"test{next(_numbers)}"
    writer = ReadModelWriter(valkey.projector_url, name, library=library)
    reader = ReadStore(valkey.reader_url, library=library)
    await writer.open()
    await reader.open()
    token = await writer.acquire_lease("the test", LEASE_SECONDS)
    assert token is not None
    epoch = uuid4()
    generation, _ = await writer.new_generation(token, 1, epoch)
    # As a projector begins: so it hears the store's time.
    await writer.generations.checkpoint(generation)
    yield Partition(name=name, writer=writer, reader=reader, token=token, generation=generation, epoch=epoch)
    await reader.close()
    await writer.close()


def continued(batch: Batch, **changes: Any) -> Batch:
    """The same batch with something else in it."""
    return replace(batch, **changes)
