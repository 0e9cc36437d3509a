"""The projector process: one runner a projection, and the service to steer them."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Sequence

import grpc
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2

from event_store import EventLog, StoreError
from projector.admin_service import ProjectionAdminService
from projector.families import FAMILIES
from projector.orders import ORDERS
from projector.projection import Projection
from projector.runner import Runner
from read_store import HeadAnswers, ReadModelDamaged, ReadModelWriter, ReadStoreUnavailable
from service_kit import lifecycle
from service_kit.errors import ErrorTable, ServiceError, StartRefused
from service_kit.methods import Service
from service_kit.server import GrpcServer
from service_kit.settings import Settings

PROJECTIONS: tuple[Projection, ...] = (ORDERS, FAMILIES)

_RETRY_SECONDS = 1.0
# A batch makes tens of thousands of objects that die with it, none in cycles; looking for cycles every 700
# objects, through all cached views, takes a sixth of the time of a rebuild.
OBJECTS_BETWEEN_COLLECTIONS = 100_000


async def main(settings: Settings) -> None:
    """Runs until the process is told to stop."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    log = EventLog(settings.required_database_url())
    await log.open()
    runners = [await _runner(projection, settings, log) for projection in PROJECTIONS]
    await _refuse_eviction(runners[0].writer)
    running = [asyncio.create_task(runner.run()) for runner in runners]
    try:
        await lifecycle.serve("projector", _server(settings, runners, log))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for runner in runners:
            await runner.writer.close()
        await log.close()


async def _runner(projection: Projection, settings: Settings, log: EventLog) -> Runner:
    url = settings.required_redis_url()
    writer = ReadModelWriter(url, projection.name)
    await writer.open()
    # Two live processes can't listen on one address, so a restarted process is the holder that it was before.
    holder = f"{socket.gethostname()}/{settings.projector_address}"
    answers = HeadAnswers(url, projection.name)
    return Runner(projection, log=log, writer=writer, answers=answers, holder=holder)


async def _refuse_eviction(writer: ReadModelWriter) -> None:
    with contextlib.suppress(ReadStoreUnavailable):
        policy = await writer.eviction_policy()
        if policy != "noeviction":
            raise StartRefused(f"the read store may evict read models: maxmemory-policy is {policy}")


def _server(settings: Settings, runners: Sequence[Runner], log: EventLog) -> GrpcServer:
    async def is_ready() -> bool | str:
        for runner in runners:
            await runner.writer.checkpoint()
        await log.head()
        return True

    service = Service(
        descriptor=admin_pb2.DESCRIPTOR.services_by_name["ProjectionAdminService"],
        implementation=ProjectionAdminService(runners=runners, log=log),
        probe=is_ready,
    )
    errors = ErrorTable(
        {
            StoreError: lambda _: _unavailable("LOG_UNAVAILABLE", "the log can't be reached"),
            ReadModelDamaged: lambda _: _unavailable(
                "READ_MODEL_DAMAGED", "the read model is damaged; it is filled again from the log"
            ),
            ReadStoreUnavailable: lambda _: _unavailable(
                "READ_STORE_UNAVAILABLE", "the read store can't be reached"
            ),
        }
    )
    return GrpcServer(
        address=settings.projector_address, services=(service,), settings=settings, errors=errors
    )


def _unavailable(reason: str, message: str) -> ServiceError:
    return ServiceError(grpc.StatusCode.UNAVAILABLE, reason, message, retry_after_seconds=_RETRY_SECONDS)


if __name__ == "__main__":
    lifecycle.run(main)
