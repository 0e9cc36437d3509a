"""Two projections follow one log, each at its own pace: what holds one up does not hold up the other."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import grpc
import pytest
from diptych.families.v1.events_pb2 import PaymentReceived
from diptych.orders.v1.events_pb2 import StockReceived
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2
from diptych.projections.v1 import projection_admin_service_pb2_grpc as admin_grpc
from google.protobuf.message import Message

from event_store import EventLog, EventStore
from projector.app import PROJECTIONS, _server
from projector.families import FAMILIES
from projector.orders import ORDERS
from projector.projection import Projection
from projector.runner import Runner
from service_kit.settings import Settings
from tests import family_events as say
from tests.postgres_server import LogDatabase
from tests.stores.family_log import FamilyLog
from tests.stores.order_log import append, order_log
from tests.stores.projector_world import World, a_world, running
from tests.valkey_server import TestValkey
from tests.waiting import eventually

RUNNING, ERROR = admin_pb2.PROJECTION_STATUS_RUNNING, admin_pb2.PROJECTION_STATUS_ERROR
PAUSED = admin_pb2.PROJECTION_STATUS_PAUSED


@dataclass(slots=True)
class Both:
    """A log of families and orders, the projections of both under names of the test's own, their service."""

    families: FamilyLog
    store: EventStore
    stub: "admin_grpc.ProjectionAdminServiceAsyncStub"
    names: dict[str, str]
    received: int = 0

    async def receive_stock(self, count: int) -> int:
        """Appends events of one product; answers the last position."""
        events = [StockReceived(sku="mug", quantity=1)] * count
        position = await append(self.store, events, after_version=self.received)
        self.received += count
        return position

    async def shown(self) -> dict[str, admin_pb2.Projection]:
        """What the service says of both, by domain."""
        listed = await self.stub.ListProjections(admin_pb2.ListProjectionsRequest())
        by_name = {each.name: each for each in listed.projections}
        assert list(by_name) == sorted(self.names.values())
        return {domain: by_name[name] for domain, name in self.names.items()}

    async def stand(self, **places: tuple[Any, int]) -> bool:
        """Whether each projection has that status and that checkpoint."""
        shown = await self.shown()
        return all((shown[name].status, shown[name].checkpoint) == place for name, place in places.items())


@asynccontextmanager
async def both(database: LogDatabase, valkey: TestValkey, families: Projection) -> AsyncIterator[Both]:
    """Both runners in this process with the service over them, as the projector runs them."""
    async with (
        a_world(database, valkey) as world,
        order_log(database) as store,
        contextlib.AsyncExitStack() as stack,
    ):
        log, names = FamilyLog(store), dict[str, str]()
        await log.register()
        runners: list[Runner] = []
        for domain, projection in (("orders", ORDERS), ("families", families)):
            its_world: World = replace(world, name=f"{world.name}_{domain}")
            names[domain] = its_world.name
            its = replace(projection, name=its_world.name)
            runners.append(await stack.enter_async_context(running(its_world, its)))
        stub = await stack.enter_async_context(_admin_of(runners, world.event_log))
        yield Both(families=log, store=store, stub=stub, names=names)


@asynccontextmanager
async def _admin_of(
    runners: list[Runner], log: EventLog
) -> AsyncIterator["admin_grpc.ProjectionAdminServiceAsyncStub"]:
    server = _server(Settings(projector_address="127.0.0.1:0", drain_seconds=0), runners, log)
    await server.start()
    try:
        async with grpc.aio.insecure_channel(server.address) as channel:
            yield admin_grpc.ProjectionAdminServiceStub(channel)
    finally:
        await server.stop()


def test_the_process_runs_both_domains() -> None:
    assert [projection.name for projection in PROJECTIONS] == ["orders", "families"]


async def test_each_has_its_own_checkpoint_and_counts_its_own_events(
    log_database: LogDatabase, valkey: TestValkey
) -> None:
    async with both(log_database, valkey, FAMILIES) as side:
        await side.receive_stock(3)
        await side.families.append(*say.one_of_each())
        last = await side.receive_stock(2)
        await eventually(lambda: side.stand(orders=(RUNNING, last), families=(RUNNING, last)))
        shown = await side.shown()
        assert (shown["orders"].events_processed, shown["families"].events_processed) == (5, 14)
        assert shown["orders"].lease_holder
        assert shown["families"].lease_holder


async def test_a_pause_of_one_is_not_a_pause_of_the_other(
    log_database: LogDatabase, valkey: TestValkey
) -> None:
    async with both(log_database, valkey, FAMILIES) as side:
        first = await side.families.append(say.enrolled())
        await eventually(lambda: side.stand(orders=(RUNNING, first), families=(RUNNING, first)))
        await side.stub.PauseProjection(admin_pb2.PauseProjectionRequest(name=side.names["families"]))
        last = await side.families.append(say.enrolled("jones"))
        await eventually(lambda: side.stand(orders=(RUNNING, last), families=(PAUSED, first)))
        await side.stub.ResumeProjection(admin_pb2.ResumeProjectionRequest(name=side.names["families"]))
        await eventually(lambda: side.stand(orders=(RUNNING, last), families=(RUNNING, last)))


@pytest.mark.parametrize("is_broken", [True, False])
async def test_one_that_fails_does_not_stop_the_other(
    log_database: LogDatabase, valkey: TestValkey, is_broken: bool
) -> None:
    """Unbroken, the same log leaves no error, so it is the failure that keeps the families back."""
    async with both(log_database, valkey, _families(is_broken)) as side:
        await side.families.append(say.enrolled())
        await side.families.append(say.paid("t1", "2024-01-10", credit_cents=5))
        last = await side.receive_stock(5)
        families = (ERROR, 1) if is_broken else (RUNNING, last)
        await eventually(lambda: side.stand(orders=(RUNNING, last), families=families))
        shown = await side.shown()
        assert ("PaymentReceived at position 2" in shown["families"].last_error) is is_broken
        assert shown["orders"].last_error == ""
        last = await side.receive_stock(5)
        await eventually(lambda: side.stand(orders=(RUNNING, last)))


def _families(is_broken: bool) -> Projection:
    account = FAMILIES.read_models[-1]

    def evolve(view: Any, event: Message) -> Any:
        if is_broken and isinstance(event, PaymentReceived):
            raise RuntimeError("broken")
        return account.evolve(view, event)

    return replace(FAMILIES, read_models=(*FAMILIES.read_models[:-1], replace(account, evolve=evolve)))
