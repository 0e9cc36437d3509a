"""Write to the real log, read with the token, with the projector's own runner in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from diptych.consistency.v1.consistency_pb2 import Consistency
from diptych.orders.v1 import order_query_service_pb2 as queries
from google.protobuf import descriptor_pb2

from event_store import Append, Appended, EventLog, EventStore, NewEvent, StreamRead
from projector.orders import ORDERS
from projector.runner import Runner
from read_store import Batch, HeadAnswers, ReadModelWriter
from service_kit.consistency_token import ConsistencyPoint, seal_point
from tests.order_events import approved, placed, stream_of
from tests.postgres_server import LogDatabase
from tests.services.order_read_models import TOKEN_KEY, fresh, newest, read_service
from tests.valkey_server import TestValkey
from tests.waiting import eventually

CLIENTS = 16
WRITES = 12


class LateWriter(ReadModelWriter):
    """A writer that is always a little late, or for as long as it is held."""

    def __init__(self, url: str, projection: str) -> None:
        super().__init__(url, projection)
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def apply(self, token: int, batch: Batch) -> bool:
        await asyncio.sleep(0.01)
        await self.may_go_on.wait()
        return await super().apply(token, batch)


@dataclass(slots=True)
class Running:
    """A log to write to, a runner that follows it, a read service."""

    store: EventStore
    writer: LateWriter
    runner: Runner
    stub: Any

    async def write(self, event: Any, version: int) -> str:
        """Append one event after a version of its stream; answer the token."""
        stream, category = stream_of(event)
        append = Append(
            command_id=uuid4(),
            fingerprint=b"",
            response=b"",
            stream=stream,
            reads=(StreamRead(stream=stream, version=version),),
            events=(
                NewEvent(
                    stream=stream,
                    category=category,
                    type=event.DESCRIPTOR.full_name,
                    payload=event.SerializeToString(),
                ),
            ),
            actor="test",
        )
        outcome = await self.store.append(append)
        assert isinstance(outcome, Appended)
        stored = outcome.stored
        point = ConsistencyPoint(
            epoch=stored.epoch, position=stored.position, stream=stream, version=stored.version
        )
        return seal_point(point, TOKEN_KEY)

    async def version_of(self, order_id: str, consistency: Consistency | None) -> int:
        request = queries.GetOrderRequest(order_id=order_id, consistency=consistency)
        return int((await self.stub.GetOrder(request)).order.version)


@pytest.fixture
async def running(log_database: LogDatabase, own_valkey: TestValkey) -> AsyncIterator[Running]:
    store, log = EventStore(log_database.writer_url), EventLog(log_database.projector_url)
    await store.open()
    await store.register_event_types([each.DESCRIPTOR.full_name for each in ORDERS.events], _descriptors())
    await log.open()
    writer = LateWriter(own_valkey.projector_url, "orders")
    await writer.open()
    answers = HeadAnswers(own_valkey.projector_url, "orders")
    runner = Runner(ORDERS, log=log, writer=writer, answers=answers, holder="test")
    following = asyncio.create_task(runner.run())
    try:
        async with read_service(own_valkey, stale_after_seconds=0.2) as stub:
            yield Running(store, writer, runner, stub)
    finally:
        following.cancel()
        await asyncio.wait((following,))
        await writer.close()
        await log.close()
        await store.close()


def _descriptors() -> bytes:
    file = descriptor_pb2.FileDescriptorProto()
    ORDERS.events[0].DESCRIPTOR.file.CopyToProto(file)
    return descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString(deterministic=True)


async def _versions_seen(running: Running, *, waits: bool) -> list[tuple[int, int]]:
    """Clients write and read at once: (version wanted, version seen).

    When no read waits for the projector, it is late until all of them are answered.
    """
    there = asyncio.Barrier(CLIENTS)
    await running.write(placed("0", ("mug", 1, 1)), 0)
    await eventually(lambda: _is_there(running))

    async def client(number: int) -> list[tuple[int, int]]:
        order_id, seen = f"c{number}", []
        token = await running.write(placed(order_id, ("mug", 1, 1)), 0)
        await running.version_of(order_id, fresh(token))
        await there.wait()
        if not waits:
            running.writer.may_go_on.clear()
        for version in range(2, WRITES + 2):
            token = await running.write(approved(order_id), version - 1)
            seen.append((version, await running.version_of(order_id, fresh(token) if waits else None)))
        return seen

    seen = await asyncio.gather(*map(client, range(CLIENTS)))
    running.writer.may_go_on.set()
    return [pair for each in seen for pair in each]


async def _is_there(running: Running) -> bool:
    try:
        return await running.version_of("0", None) > 0
    except Exception:  # noqa: BLE001 - not there yet, in whatever way
        return False


async def test_a_write_is_read_by_its_token(running: Running) -> None:
    assert all(found >= wanted for wanted, found in await _versions_seen(running, waits=True))


async def test_without_its_token_a_write_is_missed(running: Running) -> None:
    """The sabotaged twin of the test above."""
    assert all(found < wanted for wanted, found in await _versions_seen(running, waits=False))


async def test_fully_consistent_sees_every_write_before_it(running: Running) -> None:
    await running.write(placed("0", ("mug", 1, 1)), 0)
    await eventually(lambda: _is_there(running))
    for version in range(2, 20):
        await running.write(approved("0"), version - 1)
        assert await running.version_of("0", newest()) == version


async def test_a_paused_projection_answers_and_says_that_it_is_stale(running: Running) -> None:
    await running.write(placed("0", ("mug", 1, 1)), 0)
    await eventually(lambda: _is_there(running))
    await running.runner.set_paused(True)
    await running.write(approved("0"), 1)
    assert await running.version_of("0", None) == 1
    await eventually(lambda: _is_stale(running))
    await running.runner.set_paused(False)
    assert await running.version_of("0", newest()) == 2
    assert not await _is_stale(running)


async def _is_stale(running: Running) -> bool:
    answer = await running.stub.GetOrder(queries.GetOrderRequest(order_id="0"))
    assert answer.freshness.stale is (answer.freshness.lag.ToMicroseconds() > 200_000)
    return bool(answer.freshness.stale)
