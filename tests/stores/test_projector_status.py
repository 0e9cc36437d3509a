"""What the admin service shows of a projection that rebuilds, fails, stands by."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import grpc
import pytest
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2
from diptych.projections.v1 import projection_admin_service_pb2_grpc as admin_grpc

from projector.app import _server
from projector.runner import Runner
from read_store import Batch, ReadModelWriter
from service_kit.settings import Settings
from tests import accounts
from tests.postgres_server import LogDatabase
from tests.stores.projector_world import World, a_world, running
from tests.valkey_server import TestValkey
from tests.waiting import eventually

RUNNING = admin_pb2.PROJECTION_STATUS_RUNNING
# The typed stub exists for the type checker only.
Stub: TypeAlias = "admin_grpc.ProjectionAdminServiceAsyncStub"


@pytest.fixture
async def world(log_database: LogDatabase, valkey: TestValkey) -> AsyncIterator[World]:
    async with a_world(log_database, valkey) as made:
        yield made


@asynccontextmanager
async def admin_of(world: World, runner: Runner) -> AsyncIterator[Stub]:
    """The admin service of one runner, over gRPC."""
    settings = Settings(projector_address="127.0.0.1:0", drain_seconds=0)
    server = _server(settings, [runner], world.event_log)
    await server.start()
    try:
        async with grpc.aio.insecure_channel(server.address) as channel:
            yield admin_grpc.ProjectionAdminServiceStub(channel)
    finally:
        await server.stop()


async def _shown(stub: Stub) -> admin_pb2.Projection:
    [projection] = (await stub.ListProjections(admin_pb2.ListProjectionsRequest())).projections
    return projection


async def _shows(stub: Stub, status: Any) -> Any:
    shown = await _shown(stub)
    return shown if shown.status == status else None


def _held_after(batches: int, release: asyncio.Event) -> type[ReadModelWriter]:
    class Held(ReadModelWriter):
        applied = 0

        async def apply(self, token: int, batch: Batch) -> bool:
            if self.applied == batches:
                await release.wait()
            self.applied += 1
            return await super().apply(token, batch)

    return Held


async def test_a_rebuild_is_shown_until_it_has_caught_up(world: World) -> None:
    await world.log.append_random(random.Random(1), 500)  # noqa: S311 - a test's choices
    release = asyncio.Event()
    held = running(world, batch_limit=100, writing_with=_held_after(2, release))
    async with held as runner, admin_of(world, runner) as stub:
        shown = await eventually(lambda: _has_folded(stub, 100))
        assert shown.status == admin_pb2.PROJECTION_STATUS_REBUILDING
        assert (shown.generation, shown.version, shown.last_error) == (1, 1, "")
        assert shown.events_processed == shown.checkpoint < world.log.position
        assert shown.lag_events == world.log.position - shown.checkpoint
        assert 0 < shown.lag_time.ToMicroseconds() <= (await _shown(stub)).lag_time.ToMicroseconds()
        release.set()
        await world.assert_equal_sums()
        shown = await eventually(lambda: _shows(stub, RUNNING))
        assert shown.events_processed == shown.checkpoint == world.log.position
        assert (shown.lag_events, shown.lag_time.ToMicroseconds()) == (0, 0)
        assert shown.as_of.ToMicroseconds() > 0


async def _has_folded(stub: Stub, events: int) -> Any:
    shown = await _shown(stub)
    return shown if shown.events_processed > events else None


async def test_what_fails_is_shown_until_it_is_cured(world: World) -> None:
    is_broken = True

    def evolve(view: Any, event: Any) -> Any:
        if is_broken and isinstance(event, accounts.AccountClosed):
            raise RuntimeError("content that must not show")
        return accounts.evolve(view, event)

    await world.log.append(("a", accounts.AccountOpened(account_id="a", owner="A", cents=1)))
    await world.log.append(("a", accounts.CentsMoved(cents=1)), ("a", accounts.AccountClosed()))
    projection = accounts.projection(world.name, evolve_with=evolve)
    async with running(world, projection) as runner, admin_of(world, runner) as stub:
        shown = await eventually(lambda: _shows(stub, admin_pb2.PROJECTION_STATUS_ERROR))
        for _ in range(2):
            assert (shown.checkpoint, shown.events_processed, shown.lag_events) == (1, 1, 2)
            assert shown.last_error == (
                "EventRefused: test.accounts.v1.AccountClosed at position 3 of account-a: RuntimeError"
            )
            assert shown.lag_time.ToMicroseconds() > 0
            shown = await _shown(stub)
        is_broken = False
        shown = await eventually(lambda: _shows(stub, RUNNING))
        assert (shown.last_error, shown.lag_events, shown.events_processed) == ("", 0, 3)


async def test_a_stand_by_is_shown_as_stopped_with_the_name_of_who_works(world: World) -> None:
    await world.log.append_random(random.Random(2), 50)  # noqa: S311 - a test's choices
    async with running(world, holder="works") as working, admin_of(world, working) as its:
        await eventually(lambda: _shows(its, RUNNING))
        async with running(world, holder="waits") as waiting, admin_of(world, waiting) as others:
            shown = await eventually(lambda: _shows(others, admin_pb2.PROJECTION_STATUS_STOPPED))
            assert (shown.lease_holder, shown.lag_events) == ("works", 0)
            # A pause asked of the stand-by holds for the one that works.
            await others.PauseProjection(admin_pb2.PauseProjectionRequest(name=world.name))
            await eventually(lambda: _shows(its, admin_pb2.PROJECTION_STATUS_PAUSED))
            await others.ResumeProjection(admin_pb2.ResumeProjectionRequest(name=world.name))
            await eventually(lambda: _shows(its, RUNNING))
