"""grpc.health.v1 of this process: each service's state, as its probe sees it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping

import grpc
from grpc_health.v1 import health_pb2  # type: ignore[import-untyped] # ships no types

from service_kit.context import CallContext
from service_kit.errors import ServiceError
from service_kit.log import logger, where_from
from service_kit.methods import Probe, Service

_PROBE_INTERVAL_SECONDS = 1.0
_PROBE_TIMEOUT_SECONDS = 3.0

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class Health:
    """Serves Check, List and Watch; "" stands for the whole process and serves when all services do."""

    def __init__(self, probes: Mapping[str, Probe | None]) -> None:
        self._probes = dict(probes)
        self._reasons: dict[str, str | None] = dict.fromkeys(probes, "not probed yet")
        self._changed = asyncio.Condition()
        self._is_shut_down = False

    def service(self) -> Service:
        """Answer the service to register."""
        return Service(descriptor=health_pb2.DESCRIPTOR.services_by_name["Health"], implementation=self)

    async def watch_probes(self) -> None:
        """Probe again and again until cancelled."""
        while True:
            await asyncio.sleep(_PROBE_INTERVAL_SECONDS)
            await self.probe_once()

    async def probe_once(self) -> None:
        """Ask every probe at the same time and tell watchers what changed."""
        names = list(self._probes)
        reasons = await asyncio.gather(*(_reason(self._probes[name]) for name in names))
        for name, reason in zip(names, reasons, strict=True):
            if reason != self._reasons[name]:
                logger().info("health", service=name, is_serving=reason is None, reason=reason or "")
        async with self._changed:
            self._reasons = dict(zip(names, reasons, strict=True))
            self._changed.notify_all()

    async def shut_down(self) -> None:
        """Turn NOT_SERVING for good; watchers are told and their streams end."""
        async with self._changed:
            self._is_shut_down = True
            self._changed.notify_all()

    async def check(
        self, request: health_pb2.HealthCheckRequest, _context: CallContext
    ) -> health_pb2.HealthCheckResponse:
        """Answer the state of one service."""
        status = self._status(request.service)
        if status == _UNKNOWN:
            raise ServiceError(grpc.StatusCode.NOT_FOUND, "SERVICE_NOT_FOUND", "no such service here")
        return health_pb2.HealthCheckResponse(status=status)

    async def list(
        self, _request: health_pb2.HealthListRequest, _context: CallContext
    ) -> health_pb2.HealthListResponse:
        """Answer the state of every service."""
        return health_pb2.HealthListResponse(
            statuses={
                name: health_pb2.HealthCheckResponse(status=self._status(name))
                for name in ("", *self._probes)
            }
        )

    async def watch(
        self, request: health_pb2.HealthCheckRequest, _context: CallContext
    ) -> AsyncGenerator[health_pb2.HealthCheckResponse, None]:
        """Answer the state of one service now and whenever it changes."""
        told: int | None = None
        while True:
            status = self._status(request.service)
            if status != told:
                told = status
                yield health_pb2.HealthCheckResponse(status=status)
            elif self._is_shut_down:
                return
            else:
                await self._news(request.service, told)

    async def _news(self, service: str, told: int | None) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_shut_down or self._status(service) != told)

    def _status(self, service: str) -> health_pb2.HealthCheckResponse.ServingStatus:
        if service and service not in self._probes:
            return _UNKNOWN
        reasons = [self._reasons[service]] if service else self._reasons.values()
        is_serving = not self._is_shut_down and all(reason is None for reason in reasons)
        return _SERVING if is_serving else _NOT_SERVING


async def _reason(probe: Probe | None) -> str | None:
    """Answer None when the probe says that its service can work, else why it can't."""
    if probe is None:
        return None
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT_SECONDS):
            found = await probe()
    except TimeoutError:
        return "the probe took too long"
    except Exception as error:  # noqa: BLE001 - whatever a probe raises, its service is not ready
        return f"the probe failed: {where_from(error)['error']}"
    if isinstance(found, str):
        return found
    return None if found else "not ready"
