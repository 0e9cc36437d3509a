"""The same read models whole and split into partitions, of one log written by hand."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from diptych.orders.v1.order_query_service_pb2_grpc import OrderQueryServiceStub
from google.protobuf.message import Message

from event_store import LogPartition
from projector.orders import ORDERS
from projector.projection import Projection
from tests.order_events import WrittenLog
from tests.order_histories import History
from tests.services.order_read_models import ReadModels, read_channel, read_models
from tests.valkey_server import TestValkey

PARTITIONS = 3


@dataclass(slots=True)
class SplitModels:
    """A log; its read models as a whole, and each partition of them."""

    log: WrittenLog
    whole: ReadModels
    parts: list[ReadModels]

    def append(self, *messages: Message) -> str:
        """Append events only; answer the token of the last one."""
        return self.whole.append(*messages)

    async def catch_up(self) -> None:
        """Fold all to the end of the log."""
        for models in (self.whole, *self.parts):
            await models.catch_up()

    async def drift(self, chance: random.Random) -> None:
        """Fold some events into some of the partitions, so that each stands somewhere else."""
        for models in self.parts:
            for _ in range(chance.randrange(3)):
                await models.step(chance.randrange(1, 6))


@asynccontextmanager
async def split_models(
    valkey: TestValkey, projection: Projection, log: WrittenLog, *, partitions: int = PARTITIONS
) -> AsyncIterator[SplitModels]:
    """Empty generations of a projection's read models, whole and split."""
    async with AsyncExitStack() as stack:
        whole = await stack.enter_async_context(read_models(valkey, projection, log))
        parts = [
            await stack.enter_async_context(
                read_models(valkey, projection, log, LogPartition(number, partitions))
            )
            for number in range(partitions)
        ]
        yield SplitModels(log=log, whole=whole, parts=parts)


@dataclass(slots=True)
class Split:
    """Read models of orders, and read services over the whole ones and the split ones."""

    models: SplitModels
    history: History
    whole: Any
    split: Any

    def place(self, count: int) -> set[str]:
        for messages in self.history.place_many(count):
            self.models.append(*messages)
        return set(self.history.orders)

    def change(self, count: int) -> None:
        for _ in range(count):
            self.models.append(*self.history.move())
            for messages in self.history.place_many(1):
                self.models.append(*messages)


@pytest.fixture
async def channels(own_valkey: TestValkey) -> AsyncIterator[tuple[grpc.aio.Channel, grpc.aio.Channel]]:
    async with read_channel(own_valkey) as one, read_channel(own_valkey, partitions=PARTITIONS) as several:
        yield one, several


@pytest.fixture
async def split(
    own_valkey: TestValkey, channels: tuple[grpc.aio.Channel, grpc.aio.Channel]
) -> AsyncIterator[Split]:
    history = History(random.Random(29))  # noqa: S311 - a test's dice
    async with split_models(own_valkey, ORDERS, WrittenLog()) as models:
        models.append(*history.beginning())
        await models.catch_up()
        yield Split(models, history, *map(OrderQueryServiceStub, channels))
