"""Rebuilds of read models, asked of a projector as an operator asks."""

import contextlib
from collections.abc import Iterator

import grpc
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2
from diptych.projections.v1 import projection_admin_service_pb2_grpc as admin_grpc

# A projector that was just started takes its time.
_PATIENCE_SECONDS = 15.0


def begin_rebuild(address: str, projection: str) -> None:
    """Ask for a rebuild and go, once it is open or the projector is gone."""
    with contextlib.suppress(grpc.RpcError), grpc.insecure_channel(address) as channel:
        next(_progress(channel, projection, _PATIENCE_SECONDS))


def rebuild_and_drop(address: str, projection: str, *, timeout_seconds: float) -> None:
    """Ask for a rebuild, wait for its end, and drop what was live before."""
    with contextlib.suppress(grpc.RpcError), grpc.insecure_channel(address) as channel:
        for _ in _progress(channel, projection, timeout_seconds):
            pass
        stub = admin_grpc.ProjectionAdminServiceStub(channel)
        listed = stub.ListProjections(admin_pb2.ListProjectionsRequest(), timeout=_PATIENCE_SECONDS)
        for shown in listed.projections:
            if shown.name == projection and shown.previous_generation:
                request = admin_pb2.DropGenerationRequest(
                    name=projection, generation=shown.previous_generation
                )
                stub.DropGeneration(request, timeout=_PATIENCE_SECONDS)


def _progress(
    channel: grpc.Channel, projection: str, timeout_seconds: float
) -> Iterator[admin_pb2.RebuildProjectionResponse]:
    stub = admin_grpc.ProjectionAdminServiceStub(channel)
    request = admin_pb2.RebuildProjectionRequest(name=projection)
    return stub.RebuildProjection(request, timeout=timeout_seconds, wait_for_ready=True)
