"""Shows and steers the projections of this process, over gRPC."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import grpc
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2

from projector import rebuild_service
from projector.describing import describe
from projector.runner import Runner
from service_kit.context import CallContext
from service_kit.errors import ServiceError


class ProjectionAdminService:
    """ProjectionAdminService over the runners of this process."""

    def __init__(self, *, runners: Sequence[Runner]) -> None:
        self._runners = sorted(runners, key=lambda runner: (runner.projection.name, runner.partition))

    async def list_projections(
        self, _request: admin_pb2.ListProjectionsRequest, _context: CallContext
    ) -> admin_pb2.ListProjectionsResponse:
        """Answer every projection with its status and lag."""
        return admin_pb2.ListProjectionsResponse(projections=await _described(self._runners))

    async def pause_projection(
        self, request: admin_pb2.PauseProjectionRequest, _context: CallContext
    ) -> admin_pb2.PauseProjectionResponse:
        """Pause after the batch under way; raise PROJECTION_NOT_FOUND."""
        runners = self._runners_of(request.name)
        for runner in runners:
            await runner.set_paused(True)
        return admin_pb2.PauseProjectionResponse(projections=await _described(runners))

    async def resume_projection(
        self, request: admin_pb2.ResumeProjectionRequest, _context: CallContext
    ) -> admin_pb2.ResumeProjectionResponse:
        """Go on where it stood; raise PROJECTION_NOT_FOUND."""
        runners = self._runners_of(request.name)
        for runner in runners:
            await runner.set_paused(False)
        return admin_pb2.ResumeProjectionResponse(projections=await _described(runners))

    async def rebuild_projection(
        self, request: admin_pb2.RebuildProjectionRequest, _context: CallContext
    ) -> AsyncGenerator[admin_pb2.RebuildProjectionResponse, None]:
        """Fill a generation beside the live one; raise PROJECTION_NOT_FOUND or GENERATION_NOT_READY."""
        runners = self._runners_of(request.name)
        async with aclosing(rebuild_service.rebuild(runners, activates=not request.stays_beside)) as steps:
            async for filling in steps:
                yield admin_pb2.RebuildProjectionResponse(filling=filling)

    async def activate_generation(
        self, request: admin_pb2.ActivateGenerationRequest, _context: CallContext
    ) -> admin_pb2.ActivateGenerationResponse:
        """Switch to a generation; raise PROJECTION_NOT_FOUND, GENERATION_NOT_FOUND, GENERATION_NOT_READY."""
        runners = self._runners_of(request.name)
        await rebuild_service.activate(runners, request.generation)
        return admin_pb2.ActivateGenerationResponse(projections=await _described(runners))

    async def rollback_generation(
        self, request: admin_pb2.RollbackGenerationRequest, _context: CallContext
    ) -> admin_pb2.RollbackGenerationResponse:
        """Switch back to the generation before; raise PROJECTION_NOT_FOUND or GENERATION_NOT_FOUND."""
        runners = self._runners_of(request.name)
        await rebuild_service.roll_back(runners)
        return admin_pb2.RollbackGenerationResponse(projections=await _described(runners))

    async def drop_generation(
        self, request: admin_pb2.DropGenerationRequest, _context: CallContext
    ) -> admin_pb2.DropGenerationResponse:
        """Give a generation up; raise PROJECTION_NOT_FOUND, GENERATION_NOT_FOUND or GENERATION_LIVE."""
        runners = self._runners_of(request.name)
        await rebuild_service.drop(runners, request.generation)
        return admin_pb2.DropGenerationResponse(projections=await _described(runners))

    def _runners_of(self, name: str) -> Sequence[Runner]:
        """The runners of all its partitions, in their order."""
        if found := [runner for runner in self._runners if runner.projection.name == name]:
            return found
        raise ServiceError(
            grpc.StatusCode.NOT_FOUND, "PROJECTION_NOT_FOUND", f"there is no projection {name}"
        )


async def _described(runners: Sequence[Runner]) -> list[admin_pb2.Projection]:
    return [await describe(runner) for runner in runners]
