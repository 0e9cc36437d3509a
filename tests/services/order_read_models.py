"""The read side under test: a log by hand, the real folding and store, a served read service.

Of orders, where no other projection is named.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1.order_query_service_pb2_grpc import OrderQueryServiceStub
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from event_store import LogPage, LogPartition, PageBound
from projector.applying import batch_of
from projector.folding import Folder
from projector.orders import ORDERS
from projector.projection import Projection
from read_service.app import build_server
from read_store import (
    Checkpoint,
    Connection,
    ReadModelWriter,
    ReadStore,
    microseconds_of,
    partition_names,
    partition_of,
)
from read_store.check_sums import checkpoint_seal
from read_store.keys import partition_root
from service_kit.consistency_token import ConsistencyPoint, seal_point
from service_kit.settings import Settings
from tests.order_events import WrittenLog
from tests.valkey_server import TestValkey

TOKEN_KEY = bytes(range(32))
LONG_WAIT = Duration(seconds=40)


class ReadModels:
    """Folds a written log into the store, as far and in steps as small as a test wants."""

    def __init__(
        self,
        writer: ReadModelWriter,
        token: int,
        log: WrittenLog,
        projection: Projection = ORDERS,
        partition: LogPartition | None = None,
    ) -> None:
        """Of all of the log, or of one partition of it."""
        self.log = log
        self._partition = partition
        self._writer = writer
        self._token = token
        self._projection = projection
        self._folder = Folder(projection)
        self._checkpoint: Checkpoint | None = None

    @property
    def position(self) -> int:
        return self._checkpoint.position if self._checkpoint else 0

    @property
    def generation(self) -> int:
        return self._required().generation

    async def rebuild(self, past_epochs: Mapping[UUID, int] | None = None) -> None:
        """Start an empty generation."""
        await self._writer.new_generation(
            self._token, self._projection.version, self.log.epoch, past_epochs=past_epochs
        )
        self._folder.clear()
        self._checkpoint = await self._writer.checkpoint()
        if self._checkpoint.generation > 1:
            await self._writer.generations.remove(self._checkpoint.generation - 1)

    async def fill_beside(self) -> None:
        """Fill another generation beside the live one, and switch to it; the one before is kept."""
        generations = self._writer.generations
        filling = await generations.open(self._projection.version, self.log.epoch, activates=False)
        self._folder.clear()
        self._checkpoint = await generations.checkpoint(filling)
        await self.catch_up()
        await generations.switch(filling)

    async def drop(self, generation: int) -> None:
        """Remove a generation that is not live."""
        await self._writer.generations.remove(generation)

    async def write(self, *messages: Message) -> str:
        """Append events and fold them; answer the token of the last one."""
        token = self.append(*messages)
        await self.catch_up()
        return token

    def append(self, *messages: Message) -> str:
        """Append events only; answer the token of the last one, as a receipt would have it."""
        last = self.log.append(*messages)
        return self.token(last.position, stream=last.stream, version=last.version)

    def token(self, position: int, *, stream: str = "", version: int = 0, epoch: UUID | None = None) -> str:
        point = ConsistencyPoint(
            epoch=epoch or self.log.epoch, position=position, stream=stream, version=version
        )
        return seal_point(point, TOKEN_KEY)

    async def catch_up(self, *, limit: int = 1000) -> None:
        """Fold to the end of the log, in batches of that many events."""
        while await self.step(limit):
            pass
        await self._writer.heartbeat(self._token, self._required(), self.log.head)

    async def step(self, limit: int = 1) -> bool:
        """Fold one batch; False when there was nothing to fold."""
        checkpoint = self._required()
        events = list(self.log.after(checkpoint.position, limit))
        if not events:
            return False
        last = events[-1]
        events = [event for event in events if self._is_ours(event.stream)]
        missing = self._folder.missing(events)
        found = await self._writer.documents(checkpoint.generation, missing)
        for (view, ids), documents in zip(missing, found, strict=True):
            self._folder.load(view, zip(ids, documents, strict=True))
        head = self.log.head
        bound = PageBound(last.position, last.event_id, last.recorded_at)
        page = LogPage(
            epoch=self.log.epoch, head=head, events=events, anchor=None, through=last.position, bound=bound
        )
        await self._writer.apply(self._token, batch_of(checkpoint, page, self._folder.fold(events)))
        self._checkpoint = replace(
            checkpoint, position=last.position, anchor=last.event_id, as_of=last.recorded_at
        )
        return True

    def _is_ours(self, stream: str) -> bool:
        part = self._partition
        return part is None or partition_of(stream, part.of) == part.number

    async def recover(self) -> None:
        """Start again from what the store has, after it was away."""
        self._folder.clear()
        self._checkpoint = await self._writer.checkpoint()
        if self._checkpoint.generation == 0:
            await self.rebuild()

    async def go_back(self, valkey: TestValkey, position: int) -> None:
        """Set the stored checkpoint's position, as a store does that lost its last writes."""
        checkpoint = self._required()
        admin = Connection(valkey.admin_url)
        await admin.open()
        key = f"{partition_root(self._projection.name)}g{checkpoint.generation}:checkpoint"
        anchor = checkpoint.anchor.hex if checkpoint.anchor else ""
        as_of_us = microseconds_of(checkpoint.as_of) if checkpoint.as_of else 0
        seal = checkpoint_seal(checkpoint.epoch.hex, position, anchor, as_of_us)
        await admin.call("HSET", key, "position", str(position), "seal", str(seal))
        await admin.close()

    def _required(self) -> Checkpoint:
        assert self._checkpoint is not None, "not started"
        return self._checkpoint


@asynccontextmanager
async def read_models(
    valkey: TestValkey,
    projection: Projection = ORDERS,
    log: WrittenLog | None = None,
    partition: LogPartition | None = None,
) -> AsyncIterator[ReadModels]:
    """An empty generation of a projection's read models, of a log of its own."""
    number, of = partition or (0, 1)
    writer = ReadModelWriter(valkey.projector_url, partition_names(projection.name, of)[number])
    await writer.open()
    try:
        token = await writer.acquire_lease("test", 3600)
        assert token is not None
        models = ReadModels(writer, token, log or WrittenLog(), projection, partition)
        await models.rebuild()
        yield models
    finally:
        await writer.close()


@asynccontextmanager
async def read_service(valkey: TestValkey, **settings: Any) -> AsyncIterator[Any]:
    """A served read service, by a stub to call it with."""
    async with read_channel(valkey, **settings) as channel:
        yield OrderQueryServiceStub(channel)


@asynccontextmanager
async def read_channel(
    valkey: TestValkey, *, heartbeat_seconds: float = 15.0, **settings: Any
) -> AsyncIterator[grpc.aio.Channel]:
    """A served read service, by a channel to it."""
    given = {"token_key": TOKEN_KEY.hex(), "drain_seconds": 0.0, **settings}
    chosen = Settings(read_address="127.0.0.1:0", **given)
    store = ReadStore(valkey.reader_url)
    await store.open()
    server = build_server(chosen, store, heartbeat_seconds=heartbeat_seconds)
    await server.start()
    async with grpc.aio.insecure_channel(
        server.address, options=[("grpc.use_local_subchannel_pool", 1)]
    ) as channel:
        try:
            yield channel
        finally:
            await server.stop()
            # What the server said last may still be on its way.
            await channel.close(grace=5.0)
            await store.close()


def fresh(token: str, **wait: Any) -> Consistency:
    """At least as fresh as a token, however slow the machine is, unless a shorter wait is given."""
    return Consistency(at_least_as_fresh=ConsistencyToken(token=token), **{"max_wait": LONG_WAIT, **wait})


def newest() -> Consistency:
    """As fresh as the log is when it is asked, however slow the machine is."""
    return Consistency(fully_consistent=True, max_wait=LONG_WAIT)


async def pages_of(stub: Any, request: Message) -> list[Any]:
    """All pages of the list that a request asks for."""
    rpc = type(request).DESCRIPTOR.name.removesuffix("Request")
    return [page async for page in getattr(stub, rpc)(request)]


async def order_ids(stub: Any, request: Message) -> list[str]:
    """The ids of all orders of a list, in its order."""
    return [order.order_id for page in await pages_of(stub, request) for order in page.orders]


async def next_tokens(channel: grpc.aio.Channel) -> list[str]:
    """Page tokens of lists as they are in the middle."""
    stub = OrderQueryServiceStub(channel)
    requests = (
        queries.ListOrdersRequest(page_size=1, limit=1),
        queries.SearchOrdersRequest(term="a", page_size=1, limit=1),
        queries.ListProductsRequest(page_size=1, limit=1),
    )
    return [page.next_page_token for request in requests for page in await pages_of(stub, request)]
