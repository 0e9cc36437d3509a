"""The gRPC server of a process: its services, health and reflection on one address, from start to drain."""

import asyncio
import contextlib
from collections.abc import Sequence

import grpc

from service_kit.access_log import AccessLog
from service_kit.addresses import refuse_taken
from service_kit.aio_engine import build_server, server_options
from service_kit.calls import CallGuard
from service_kit.core_engine import CoreServer
from service_kit.core_shape import why_not
from service_kit.errors import ErrorTable, StartRefused
from service_kit.health import Health
from service_kit.log import logger
from service_kit.methods import Method, Service, methods_of
from service_kit.metrics import CallMetrics, process_metrics
from service_kit.reflection import reflection_methods
from service_kit.settings import Settings
from service_kit.tls import server_credentials
from service_kit.validation import build_rules


class GrpcServer:
    """Serves the services given; `address` is host:port (port 0 takes a free one) or unix:<path>."""

    def __init__(
        self,
        *,
        address: str,
        services: Sequence[Service],
        settings: Settings,
        errors: ErrorTable | None = None,
        metrics: CallMetrics | None = None,
    ) -> None:
        self.address = address
        self._settings = settings
        self._services = tuple(services)
        self._access_log = AccessLog(metrics or process_metrics())
        self._guard = CallGuard(settings=settings, errors=errors or ErrorTable(), access_log=self._access_log)
        self._health = Health({each.descriptor.full_name: each.probe for each in services})
        self._server: CoreServer | grpc.aio.Server | None = None
        self._probing: asyncio.Task[None] | None = None

    @property
    def is_worker(self) -> bool:
        """Whether other processes serve the same address."""
        return self._settings.worker is not None

    async def start(self) -> None:
        """Listen; afterwards `address` holds the real port. Raise StartRefused when that can't be."""
        methods = self._methods()
        build_rules(method.request_type for method in methods)
        credentials = server_credentials(self._settings)
        if not self.is_worker:
            refuse_taken(self.address)
        self._server = _build_server(methods, self._guard, self._settings)
        port = _listen(self._server, self.address, credentials)
        if not self.address.startswith("unix:"):
            self.address = f"{self.address.rpartition(':')[0]}:{port}"
        await self._health.probe_once()
        self._probing = asyncio.create_task(self._health.watch_probes(), name="health probes")
        await self._server.start()

    async def stop(self, grace_seconds: float | None = None) -> None:
        """Turn NOT_SERVING, end endless streams, let other calls end within the grace, then close.

        The grace is settings.drain_seconds unless given.
        """
        if self._server is None:
            return
        grace = self._settings.drain_seconds if grace_seconds is None else grace_seconds
        await self._health.shut_down()
        if grace > 0:
            await asyncio.sleep(self._settings.drain_notice_seconds)
        self._guard.drain()
        if grace > 0:
            # The library answers a bare CANCELLED to calls that have arrived and are not begun when it stops.
            await self._guard.quiet()
        await self._server.stop(grace)
        if self._probing is not None:
            self._probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probing
        self._access_log.flush()
        logger().info("stopped", address=self.address)

    def _methods(self) -> list[Method]:
        health = self._health.service()
        names = [each.descriptor.full_name for each in (*self._services, health)]
        served = [method for each in self._services for method in methods_of(each)]
        return [*served, *methods_of(health, is_exempt=True), *reflection_methods(names)]


def _listen(
    server: CoreServer | grpc.aio.Server, address: str, credentials: grpc.ServerCredentials | None
) -> int:
    try:
        if credentials is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise StartRefused(f"can't listen on {address}") from error


def _build_server(
    methods: Sequence[Method], guard: CallGuard, settings: Settings
) -> CoreServer | grpc.aio.Server:
    if settings.grpc_engine == "aio":
        return build_server(methods, guard, settings)
    reason = why_not()
    if reason is None:
        return CoreServer(methods, guard, server_options(settings))
    logger().warning("served_by_grpc_aio", reason=reason)
    return build_server(methods, guard, settings)
