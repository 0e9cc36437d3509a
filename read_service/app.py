"""The read service process: queries of every domain over one read store."""

import gc
from dataclasses import dataclass
from typing import Protocol

from diptych.families.v1 import family_query_service_pb2
from diptych.orders.v1 import order_query_service_pb2
from google.protobuf.descriptor import ServiceDescriptor

from read_service.families.service import ENDLESS as ENDLESS_OF_FAMILIES
from read_service.families.service import FamilyQueryService
from read_service.freshness import FreshReads
from read_service.orders.service import ENDLESS as ENDLESS_OF_ORDERS
from read_service.orders.service import OrderQueryService
from read_service.refusals import read_model_damaged, read_store_unavailable
from read_service.watch import HEARTBEAT_SECONDS
from read_store import PartitionedReads, ReadModelDamaged, ReadStore, ReadStoreUnavailable
from service_kit import lifecycle
from service_kit.errors import ErrorTable
from service_kit.methods import Probe, Service
from service_kit.server import GrpcServer
from service_kit.settings import Settings

# A query's objects die with it, none in cycles; looking for cycles every 700 objects takes a twentieth of its
# time. What callers hang up on may leave some, and is found after so many.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000

ERRORS = ErrorTable(
    {
        ReadStoreUnavailable: lambda _: read_store_unavailable(),
        ReadModelDamaged: lambda _: read_model_damaged(),
    }
)


class Queries(Protocol):
    """What makes the object that answers a domain's queries."""

    def __call__(self, reads: FreshReads, *, token_key: bytes, heartbeat_seconds: float) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One domain's queries, and the projection that they are answered from."""

    projection: str
    descriptor: ServiceDescriptor
    queries: Queries
    endless: frozenset[str]


DOMAINS = (
    Domain(
        projection="orders",
        descriptor=order_query_service_pb2.DESCRIPTOR.services_by_name["OrderQueryService"],
        queries=OrderQueryService,
        endless=ENDLESS_OF_ORDERS,
    ),
    Domain(
        projection="families",
        descriptor=family_query_service_pb2.DESCRIPTOR.services_by_name["FamilyQueryService"],
        queries=FamilyQueryService,
        endless=ENDLESS_OF_FAMILIES,
    ),
)


async def main(settings: Settings) -> None:
    """Run until the process is told to stop."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    store = ReadStore(settings.required_redis_url())
    server = build_server(settings, store)
    await store.open()
    try:
        await lifecycle.serve("read service", server)
    finally:
        await store.close()


def build_server(
    settings: Settings, store: ReadStore, *, heartbeat_seconds: float = HEARTBEAT_SECONDS
) -> GrpcServer:
    """Wire the services over an open store."""
    services = tuple(_service(domain, settings, store, heartbeat_seconds) for domain in DOMAINS)
    return GrpcServer(address=settings.read_address, services=services, settings=settings, errors=ERRORS)


def _service(domain: Domain, settings: Settings, store: ReadStore, heartbeat_seconds: float) -> Service:
    token_key = settings.required_token_key()
    reads = FreshReads(
        store,
        domain.projection,
        token_key=token_key,
        stale_after_seconds=settings.stale_after_seconds,
        partitions=settings.partitions,
    )
    return Service(
        descriptor=domain.descriptor,
        implementation=domain.queries(reads, token_key=token_key, heartbeat_seconds=heartbeat_seconds),
        endless=domain.endless,
        probe=_probe(PartitionedReads(store, domain.projection, settings.partitions)),
    )


def _probe(models: PartitionedReads) -> Probe:
    async def is_ready() -> bool | str:
        checkpoint = await models.checkpoint()
        return checkpoint.generation > 0 or "the read model has not been started"

    return is_ready
