"""A log of accounts with a read store, and runners of the accounts' projection over them."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from event_store import EventLog, EventStore
from projector.pace import Pace
from projector.projection import Projection
from projector.runner import Runner
from read_store import HeadAnswers, ReadModelDamaged, ReadModelWriter, ReadStore
from tests import accounts
from tests.postgres_server import LogDatabase
from tests.stores.account_log import AccountLog, read_holdings, read_rich
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually

_numbers = itertools.count(1)


@dataclass(slots=True)
class World:
    """One log of accounts and one read store."""

    database: LogDatabase
    valkey: TestValkey
    log: AccountLog
    event_log: EventLog
    reader: ReadStore
    name: str

    async def caught_up(self) -> None:
        """Waits until all that was appended is in the read models."""
        await at_least_at(self.reader, self.name, self.log.epoch, self.log.position)

    async def assert_equal_sums(self) -> None:
        """Compares tallies and an index with the sums kept beside the log."""
        await self.caught_up()
        assert await read_holdings(self.reader, self.name) == self.log.holdings()
        assert await read_rich(self.reader, self.name) == self.log.rich()


async def at_least_at(reader: ReadStore, projection: str, epoch: UUID, position: int) -> None:
    """Waits until what is read of a projection is of that place or of a later one."""

    async def is_there() -> bool:
        # A push may tell of the generation before, just when another one that is still filling goes live.
        assert await reader.reached(projection, epoch, position, DEADLINE_SECONDS)
        try:
            place = await reader.checkpoint(projection)
        except ReadModelDamaged:
            return False
        return place.epoch == epoch and place.position >= position

    await eventually(is_there)


@asynccontextmanager
async def a_world(database: LogDatabase, valkey: TestValkey) -> AsyncIterator[World]:
    """An empty log, no read models."""
    store = EventStore(database.writer_url)
    event_log = EventLog(database.projector_url)
    reader = ReadStore(valkey.reader_url)
    await store.open()
    await event_log.open()
    await reader.open()
    await store.register_event_types(accounts.EVENT_TYPES, accounts.descriptor_set())
    name = f"accounts{next(_numbers)}"
    yield World(
        database=database, valkey=valkey, log=AccountLog(store), event_log=event_log, reader=reader, name=name
    )
    await reader.close()
    await event_log.close()
    await store.close()


def eager() -> Pace:
    """Looks for damage as fast as it can."""
    return Pace(rows_per_second=1_000_000.0, rest_seconds=0.0)


@asynccontextmanager
async def running(
    world: World,
    projection: Projection | None = None,
    *,
    writing_with: type[ReadModelWriter] = ReadModelWriter,
    **settings: Any,
) -> AsyncIterator[Runner]:
    """A runner in this process."""
    writer = writing_with(world.valkey.projector_url, world.name)
    await writer.open()
    runner = Runner(
        projection or accounts.projection(world.name),
        log=world.event_log,
        writer=writer,
        answers=HeadAnswers(world.valkey.projector_url, world.name),
        **{"holder": "the test", **settings},
    )
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await writer.close()
