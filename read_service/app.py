"""The read service process: queries of every domain over one read store."""

from diptych.orders.v1 import order_query_service_pb2

from read_service.freshness import FreshReads
from read_service.orders.service import ENDLESS, OrderQueryService
from read_service.refusals import read_store_unavailable
from read_service.watch import HEARTBEAT_SECONDS
from read_store import ReadStore, ReadStoreUnavailable
from service_kit import lifecycle
from service_kit.errors import ErrorTable
from service_kit.methods import Service
from service_kit.server import GrpcServer
from service_kit.settings import Settings

ERRORS = ErrorTable({ReadStoreUnavailable: lambda _: read_store_unavailable()})


async def main(settings: Settings) -> None:
    """Run until the process is told to stop."""
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
    token_key = settings.required_token_key()
    reads = FreshReads(store, "orders", token_key=token_key, stale_after_seconds=settings.stale_after_seconds)

    async def is_ready() -> bool | str:
        checkpoint = await store.checkpoint("orders")
        return checkpoint.generation > 0 or "the read model has not been started"

    orders = Service(
        descriptor=order_query_service_pb2.DESCRIPTOR.services_by_name["OrderQueryService"],
        implementation=OrderQueryService(reads, token_key=token_key, heartbeat_seconds=heartbeat_seconds),
        endless=ENDLESS,
        probe=is_ready,
    )
    return GrpcServer(address=settings.read_address, services=(orders,), settings=settings, errors=ERRORS)
