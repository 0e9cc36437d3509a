"""The same read models whole and split into partitions, of one log written by hand."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from google.protobuf.message import Message

from event_store import LogPartition
from projector.projection import Projection
from tests.order_events import WrittenLog
from tests.services.order_read_models import ReadModels, read_models
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
