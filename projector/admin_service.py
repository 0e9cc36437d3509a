"""Shows and steers the projections of this process, over gRPC."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

import grpc
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2

from event_store import EventLog, StoreError
from projector.runner import Runner
from service_kit.context import CallContext
from service_kit.errors import ServiceError


class ProjectionAdminService:
    """ProjectionAdminService over the runners of this process."""

    def __init__(self, *, runners: Sequence[Runner], log: EventLog) -> None:
        self._runners = sorted(runners, key=lambda runner: runner.projection.name)
        self._log = log

    async def list_projections(
        self, _request: admin_pb2.ListProjectionsRequest, _context: CallContext
    ) -> admin_pb2.ListProjectionsResponse:
        """Answer every projection with its status and lag."""
        projections = [await self._describe(runner) for runner in self._runners]
        return admin_pb2.ListProjectionsResponse(projections=projections)

    async def pause_projection(
        self, request: admin_pb2.PauseProjectionRequest, _context: CallContext
    ) -> admin_pb2.PauseProjectionResponse:
        """Pause after the batch under way; raise PROJECTION_NOT_FOUND."""
        runner = self._runner(request.name)
        await runner.set_paused(True)
        return admin_pb2.PauseProjectionResponse(projections=[await self._describe(runner)])

    async def resume_projection(
        self, request: admin_pb2.ResumeProjectionRequest, _context: CallContext
    ) -> admin_pb2.ResumeProjectionResponse:
        """Go on where it stood; raise PROJECTION_NOT_FOUND."""
        runner = self._runner(request.name)
        await runner.set_paused(False)
        return admin_pb2.ResumeProjectionResponse(projections=[await self._describe(runner)])

    def _runner(self, name: str) -> Runner:
        for runner in self._runners:
            if runner.projection.name == name:
                return runner
        raise ServiceError(
            grpc.StatusCode.NOT_FOUND, "PROJECTION_NOT_FOUND", f"there is no projection {name}"
        )

    async def _describe(self, runner: Runner) -> admin_pb2.Projection:
        # In this order: a status is never shown with a place from before it.
        status, last_error = await _status(runner), runner.last_error
        checkpoint = await runner.writer.checkpoint()
        # While the log can't be reached, the store's own knowledge of its end is the best there is.
        with contextlib.suppress(StoreError):
            head = (await self._log.head()).position
            checkpoint = replace(checkpoint, head=max(head, checkpoint.position))
        shown = admin_pb2.Projection(
            name=runner.projection.name,
            version=runner.projection.version,
            generation=checkpoint.generation,
            status=status,
            checkpoint=checkpoint.position,
            events_processed=checkpoint.events,
            lag_events=max(0, checkpoint.head - checkpoint.position),
            last_error=last_error,
            partitions=1,
            lease_holder=await runner.writer.lease_holder(),
        )
        if checkpoint.generation > 0:
            shown.lag_time.FromMicroseconds(round(checkpoint.lag_seconds() * 1_000_000))
        if checkpoint.as_of is not None:
            shown.as_of.FromDatetime(checkpoint.as_of)
        return shown


async def _status(runner: Runner) -> admin_pb2.ProjectionStatus.ValueType:
    # A pause shows from the moment it was asked for, whichever process runs the projection.
    name = "PAUSED" if await runner.writer.is_paused() else runner.status.name
    return admin_pb2.ProjectionStatus.Value(f"PROJECTION_STATUS_{name}")
