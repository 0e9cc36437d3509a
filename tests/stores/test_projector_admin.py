"""The projector as a process: it becomes ready, shows its projection, pauses and resumes it, and drains."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
import pytest
from diptych.orders.v1.events_pb2 import StockReceived
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2
from diptych.projections.v1 import projection_admin_service_pb2_grpc as admin_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped] # ships no types

from tests.postgres_server import LogDatabase
from tests.stores.order_log import append, order_log
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually


@dataclass(slots=True)
class Running:
    """A projector process and how to call it."""

    process: asyncio.subprocess.Process
    channel: grpc.aio.Channel
    stub: "admin_grpc.ProjectionAdminServiceAsyncStub"

    async def projection(self) -> admin_pb2.Projection:
        """The state of the projection of orders."""
        listed = await self.stub.ListProjections(admin_pb2.ListProjectionsRequest())
        return next(each for each in listed.projections if each.name == "orders")


@asynccontextmanager
async def started(database: LogDatabase, valkey: TestValkey) -> AsyncIterator[Running]:
    """The real process on a free port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "projector.app"),
        stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "PYTHONPATH": f".{os.pathsep}generated",
            "DIPTYCH_DATABASE_URL": database.projector_url,
            "DIPTYCH_REDIS_URL": valkey.projector_url,
            "DIPTYCH_PROJECTOR_ADDRESS": "127.0.0.1:0",
            "DIPTYCH_METRICS_ADDRESS": "",
        },
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    address = line.rpartition(" ")[2].strip()
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield Running(process, channel, admin_grpc.ProjectionAdminServiceStub(channel))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def projector(log_database: LogDatabase, own_valkey: TestValkey) -> AsyncIterator[Running]:
    async with started(log_database, own_valkey) as running:
        yield running


async def _receive_stock(database: LogDatabase, after_version: int, count: int) -> None:
    """Append that many events of one product."""
    async with order_log(database) as store:
        await append(store, [StockReceived(sku="mug", quantity=1)] * count, after_version=after_version)


async def test_a_pause_outlives_the_process_and_shows_its_lag(
    log_database: LogDatabase, own_valkey: TestValkey
) -> None:
    await _receive_stock(log_database, 0, 10)
    async with started(log_database, own_valkey) as projector:
        await eventually(lambda: _stands_at(projector, 10))
        await projector.stub.PauseProjection(admin_pb2.PauseProjectionRequest(name="orders"))
    await _receive_stock(log_database, 10, 7)
    async with started(log_database, own_valkey) as projector:
        for _ in range(2):
            shown = await projector.projection()
            assert shown.status == admin_pb2.PROJECTION_STATUS_PAUSED
            assert (shown.checkpoint, shown.events_processed, shown.lag_events) == (10, 10, 7)
            assert shown.lag_time.ToMicroseconds() > 0
            # The second look comes once this process has taken over and idles.
            await eventually(lambda: _has_lease(projector))
        await projector.stub.ResumeProjection(admin_pb2.ResumeProjectionRequest(name="orders"))
        await eventually(lambda: _stands_at(projector, 17))
        await eventually(lambda: _has_status(projector, admin_pb2.PROJECTION_STATUS_RUNNING))
        shown = await projector.projection()
        assert (shown.events_processed, shown.lag_events, shown.lag_time.ToMicroseconds()) == (17, 0, 0)


async def _stands_at(projector: Running, position: int) -> bool:
    return (await projector.projection()).checkpoint == position


async def _has_lease(projector: Running) -> bool:
    return bool((await projector.projection()).lease_holder)


async def test_a_projection_is_listed_paused_and_resumed(projector: Running) -> None:
    await eventually(lambda: _has_status(projector, admin_pb2.PROJECTION_STATUS_RUNNING))
    shown = await projector.projection()
    assert (shown.generation, shown.checkpoint, shown.lag_events, shown.last_error) == (1, 0, 0, "")
    assert shown.lease_holder
    listed = await projector.stub.ListProjections(admin_pb2.ListProjectionsRequest())
    assert [each.name for each in listed.projections] == ["families", "orders"]
    await projector.stub.PauseProjection(admin_pb2.PauseProjectionRequest(name="orders"))
    assert await _has_status(projector, admin_pb2.PROJECTION_STATUS_PAUSED)
    await projector.stub.ResumeProjection(admin_pb2.ResumeProjectionRequest(name="orders"))
    await eventually(lambda: _has_status(projector, admin_pb2.PROJECTION_STATUS_RUNNING))


async def test_a_projection_that_is_not_there_is_not_found(projector: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await projector.stub.PauseProjection(admin_pb2.PauseProjectionRequest(name="nothing"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_rebuild_streams_its_progress_and_can_be_taken_back(
    projector: Running, log_database: LogDatabase
) -> None:
    await _receive_stock(log_database, 0, 10)
    await eventually(lambda: _stands_at(projector, 10))
    rebuilding = admin_pb2.RebuildProjectionRequest(name="orders")
    steps = [answer.filling async for answer in projector.stub.RebuildProjection(rebuilding)]
    assert (steps[0].generation, steps[-1].state) == (2, admin_pb2.FILLING_STATE_LIVE)
    shown = await projector.projection()
    assert (shown.generation, shown.previous_generation, shown.HasField("filling")) == (2, 1, False)
    taken_back = await projector.stub.RollbackGeneration(admin_pb2.RollbackGenerationRequest(name="orders"))
    assert [each.generation for each in taken_back.projections] == [1]
    assert (await projector.stub.ActivateGeneration(_activation(2))).projections[0].generation == 2
    dropped = await projector.stub.DropGeneration(_drop(1))
    assert dropped.projections[0].previous_generation == 0
    for call, code in (
        (projector.stub.RollbackGeneration(admin_pb2.RollbackGenerationRequest(name="orders")), "NOT_FOUND"),
        (projector.stub.ActivateGeneration(_activation(9)), "NOT_FOUND"),
        (projector.stub.DropGeneration(_drop(9)), "NOT_FOUND"),
        (projector.stub.DropGeneration(_drop(2)), "FAILED_PRECONDITION"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert refused.value.code().name == code


def _activation(generation: int) -> admin_pb2.ActivateGenerationRequest:
    return admin_pb2.ActivateGenerationRequest(name="orders", generation=generation)


def _drop(generation: int) -> admin_pb2.DropGenerationRequest:
    return admin_pb2.DropGenerationRequest(name="orders", generation=generation)


async def test_readiness_follows_the_read_store_and_a_signal_ends_the_process(
    projector: Running, own_valkey: TestValkey
) -> None:
    health = health_pb2_grpc.HealthStub(projector.channel)
    await eventually(lambda: _serves(health, is_serving=True))
    own_valkey.server.stop()
    await eventually(lambda: _serves(health, is_serving=False))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await projector.projection()
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    own_valkey.server.start()
    await eventually(lambda: _serves(health, is_serving=True))
    projector.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(projector.process.wait(), DEADLINE_SECONDS) == 0


async def _has_status(projector: Running, status: "admin_pb2.ProjectionStatus.ValueType") -> bool:
    return (await projector.projection()).status == status


async def _serves(health: "health_pb2_grpc.HealthStub", *, is_serving: bool) -> bool:
    name = admin_pb2.DESCRIPTOR.services_by_name["ProjectionAdminService"].full_name
    answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
    return bool((answer.status == health_pb2.HealthCheckResponse.SERVING) == is_serving)
