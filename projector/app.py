"""The projector process: one runner a partition of a projection, and the service to steer them."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import grpc
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2

from event_store import EventLog, LogPartition, StoreError
from projector.admin_service import ProjectionAdminService
from projector.families import FAMILIES
from projector.orders import ORDERS
from projector.pace import Pace
from projector.projection import Projection
from projector.runner import Runner
from projector.shared_pages import SharedPages
from projector.sharing import Sharing
from read_store import (
    Attendance,
    HeadAnswers,
    ReadModelDamaged,
    ReadModelWriter,
    ReadStoreUnavailable,
    partition_names,
)
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
    log = EventLog(settings.required_database_url(), connections=1 + settings.partitions)
    await log.open()
    try:
        async with running(PROJECTIONS, settings, log) as runners:
            await _refuse_eviction(runners[0].writer)
            await lifecycle.serve("projector", _server(settings, runners, log))
    finally:
        await log.close()


@asynccontextmanager
async def running(
    projections: Sequence[Projection], settings: Settings, log: EventLog
) -> AsyncIterator[list[Runner]]:
    """Runs every partition of the projections that falls to this process, for the length of the block."""
    attendance = Attendance(settings.required_redis_url(), settings.partitions)
    sharing = Sharing(attendance, log, _holder(settings), lasts_seconds=settings.lease_seconds)
    runners: list[Runner] = []
    shared = SharedPages(log)
    for projection in projections:
        writers = [
            ReadModelWriter(settings.required_redis_url(), name)
            for name in partition_names(projection.name, settings.partitions)
        ]
        for number, writer in enumerate(writers):
            await writer.open()
            is_ours = partial(_is_ours, settings, sharing, len(runners))
            runners.append(_runner(projection, number, writers, settings, log, shared, is_ours))
    tasks = [asyncio.create_task(runner.run()) for runner in runners]
    if settings.partitions > 1:
        await attendance.open()
        tasks.append(asyncio.create_task(sharing.run()))
    try:
        yield runners
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for runner in runners:
            await runner.writer.close()
        await attendance.close()


def _is_ours(settings: Settings, sharing: Sharing, at: int) -> bool:
    # What is not split has one projector that works; the others stand by, whichever comes first.
    return settings.partitions == 1 or sharing.is_ours(at)


def _holder(settings: Settings) -> str:
    # Two live processes can't listen on one address, nor as one worker of it, so a restarted process is the
    # holder that it was before.
    worker = "" if settings.worker is None else f"#{settings.worker}"
    return f"{socket.gethostname()}/{settings.projector_address}{worker}"


def _runner(  # noqa: PLR0917 - wiring
    projection: Projection,
    number: int,
    writers: Sequence[ReadModelWriter],
    settings: Settings,
    log: EventLog,
    shared: SharedPages,
    is_ours: Callable[[], bool],
) -> Runner:
    name = partition_names(projection.name, len(writers))[number]
    return Runner(
        projection,
        log=log,
        writer=writers[number],
        answers=HeadAnswers(settings.required_redis_url(), name),
        holder=_holder(settings),
        lease_seconds=settings.lease_seconds,
        pace=Pace(rest_seconds=settings.scrub_seconds),
        partition=LogPartition(number, len(writers)) if len(writers) > 1 else None,
        is_ours=is_ours,
        siblings=[*writers[:number], *writers[number + 1 :]],
        shared=shared,
    )


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
        implementation=ProjectionAdminService(runners=runners),
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
    lifecycle.run(main, service="projector")
