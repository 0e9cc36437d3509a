"""Rebuilds under load: a generation fills beside the live one, and whoever fills it may die on the way."""

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import redis
from diptych.projections.v1 import projection_admin_service_pb2 as admin
from diptych.projections.v1.projection_admin_service_pb2_grpc import ProjectionAdminServiceStub

from local_stack import processes
from tests.faults.arena import PROJECTORS, Arena
from tests.faults.steps import WITHOUT_EFFECT, Fault, Kind, Step
from tests.faults.wellness import PROJECTIONS

KILLED_REBUILDS = "rebuilds killed on the way"
REBUILDS = "rebuilds that came to their end"
_CALL_SECONDS = 5.0
_END_SECONDS = 60.0


def rebuild(*, is_killed: bool) -> Fault:
    """Begins one and lets it come to its end, after one or both projectors were killed or not."""

    @contextmanager
    def rebuilt(arena: Arena, step: Step) -> Iterator[str]:
        chance = step.chance
        projection = chance.choice(PROJECTIONS)
        is_begun = open_rebuild(arena, chance.choice(PROJECTORS), projection)
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

    return rebuilt


def open_rebuild(arena: Arena, name: str, projection: str) -> bool:
    """Ask a projector for a rebuild; whether it has begun."""
    request = admin.RebuildProjectionRequest(name=projection)
    with grpc.insecure_channel(arena.stack.address(name)) as channel, contextlib.suppress(grpc.RpcError):
        steps = ProjectionAdminServiceStub(channel).RebuildProjection(request, timeout=_CALL_SECONDS)
        for _ in steps:
            steps.cancel()
            return True
    return False


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
    "rebuild.killed": Kind(fault=rebuild(is_killed=True), weight=5, longest_seconds=0.5),
}
