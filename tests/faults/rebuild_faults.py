"""Rebuilds under load: a generation fills beside the live one, and whoever fills it may die on the way."""

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import redis
from diptych.projections.v1 import projection_admin_service_pb2 as admin_pb2
from diptych.projections.v1 import projection_admin_service_pb2_grpc as admin_grpc

from local_stack import processes
from tests.faults.arena import PROJECTORS, Arena
from tests.faults.steps import WITHOUT_EFFECT, Fault, Kind, Step
from tests.faults.wellness import PROJECTIONS

KILLED_REBUILDS = "rebuilds killed on the way"
REBUILDS = "rebuilds that came to their end"
# A projector that was just started takes its time.
_PATIENCE_SECONDS = 15.0
_END_SECONDS = 60.0


def rebuild(*, is_killed: bool) -> Fault:
    """Begins one and lets it come to its end, after one or both projectors were killed or not."""

    @contextmanager
    def rebuilt(arena: Arena, step: Step) -> Iterator[str]:
        chance = step.chance
        projection = chance.choice(PROJECTIONS)
        is_begun = begin_rebuild(arena.stack.address(chance.choice(PROJECTORS)), projection)
        killed = chance.choice((PROJECTORS[:1], PROJECTORS[1:], PROJECTORS)) if is_killed else ()
        # No wait for anything: somewhere on the way.
        time.sleep(chance.uniform(0, 0.3))
        was_on_its_way = bool(_filling(arena, projection))
        for name in killed:
            arena.kill(name)
        arena.counts[KILLED_REBUILDS] += was_on_its_way and is_killed
        yield f"{projection}, {', '.join(killed) or 'nobody'} killed{'' if is_begun else WITHOUT_EFFECT}"
        for name in killed:
            arena.launch(name)
        arena.ready()
        is_over = processes.wait_until(lambda: not _filling(arena, projection), _END_SECONDS)
        arena.counts[REBUILDS] += is_begun and is_over
        if not is_over and not arena.damaged:
            # What is damaged may well differ from what is built anew, and then an operator decides.
            arena.oddities.append(f"a rebuild of {projection} did not come to its end (step {step.number})")

    return rebuilt


def begin_rebuild(address: str, projection: str) -> bool:
    """Ask for a rebuild as an operator does, and go once it is open or the projector gone; whether it is."""
    with contextlib.suppress(grpc.RpcError), grpc.insecure_channel(address) as channel:
        next(_progress(channel, projection, _PATIENCE_SECONDS))
        return True
    return False


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


def _filling(arena: Arena, projection: str) -> int:
    """The generation that is filled, 0 when there is none or nothing is known."""
    with (
        redis.Redis.from_url(arena.admin_redis_url) as client,
        contextlib.suppress(redis.RedisError),
    ):
        return int(client.hget(f"diptych:{{{projection}:0}}:generations", "filling") or 0)
    return 0


KINDS = {
    "rebuild.alone": Kind(fault=rebuild(is_killed=False), weight=2, longest_seconds=0.5),
    "rebuild.killed": Kind(fault=rebuild(is_killed=True), weight=12, longest_seconds=0.5),
}
