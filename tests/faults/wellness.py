"""Is everything well again: each write service decides, each read service answers from the log's end."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import grpc
import redis
from diptych.command.v1.command_pb2 import CommandContext
from diptych.families.v1 import family_query_service_pb2 as families
from diptych.families.v1.family_query_service_pb2_grpc import FamilyQueryServiceStub
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1 import order_query_service_pb2 as orders
from diptych.orders.v1.order_command_service_pb2_grpc import OrderCommandServiceStub
from diptych.orders.v1.order_query_service_pb2_grpc import OrderQueryServiceStub

from local_stack import processes
from tests.faults.arena import READS, WRITES, Arena

# Asked for and never there, so that being told so takes a look at everything and changes nothing.
_NOBODY = "nobody"
_LOOK_SECONDS = 5.0
PROJECTIONS = ("orders", "families")


class Unwell(AssertionError):
    """Something did not come back in time, though nothing holds it up any more."""


class Wellness:
    """Looks past the links, at each process by itself."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena

    def wait(self, seconds: float) -> None:
        """Returns when all is well; raises Unwell."""
        began = time.monotonic()
        for name, look in self._looks().items():
            left = max(0.0, seconds - (time.monotonic() - began))
            if not processes.wait_until(lambda look=look: _is_well(look), left):  # type: ignore[misc]
                raise Unwell(f"{name} is not well after {seconds} s")

    def caught_up(self, seconds: float) -> None:
        """Waits until each checkpoint is the log's end; nothing may be appended meanwhile. Raises Unwell."""
        if not processes.wait_until(lambda: not self.behind(), seconds):
            raise Unwell(f"behind after {seconds} s: {', '.join(self.behind())}")

    def scrubbed(self, seconds: float) -> None:
        """Waits for a look at all of each read model that begins now. Raises Unwell."""

        def passes(projection: str) -> float:
            return self._arena.stack.metric("projection_scrubs_total", projection=projection)

        # One that is under way began before.
        wanted = {name: passes(name) + 2 for name in PROJECTIONS}
        if not processes.wait_until(
            lambda: all(passes(name) >= count for name, count in wanted.items()), seconds
        ):
            raise Unwell(f"not looked at as a whole after {seconds} s: {', '.join(wanted)}")

    def behind(self) -> list[str]:
        """The projections whose checkpoint is not the log's end."""
        with self._arena.database() as connection:
            head = connection.execute("SELECT position FROM event_log.log_head").fetchone()
        assert head is not None
        with redis.Redis.from_url(self._arena.admin_redis_url, decode_responses=True) as client:
            return [name for name in PROJECTIONS if _position(client, name) != head[0]]

    def _looks(self) -> dict[str, Callable[[], object]]:
        looks: dict[str, Callable[[], object]] = {}
        for name in WRITES:
            looks[name] = lambda name=name: self._decides(name)  # type: ignore[misc]
        for name in READS:
            looks[f"{name}, orders"] = lambda name=name: self._answers(name)  # type: ignore[misc]
            looks[f"{name}, families"] = lambda name=name: self._answers_families(name)  # type: ignore[misc]
        return looks

    def _decides(self, name: str) -> None:
        request = commands.DeliverOrderRequest(
            context=CommandContext(command_id=str(uuid4())), order_id=_NOBODY
        )
        with grpc.insecure_channel(self._arena.stack.address(name)) as channel:
            OrderCommandServiceStub(channel).DeliverOrder(request, timeout=_LOOK_SECONDS)

    def _answers(self, name: str) -> None:
        request = orders.GetOrderRequest(order_id=_NOBODY)
        request.consistency.fully_consistent = True
        with grpc.insecure_channel(self._arena.stack.address(name)) as channel:
            OrderQueryServiceStub(channel).GetOrder(request, timeout=_LOOK_SECONDS)

    def _answers_families(self, name: str) -> None:
        request = families.GetFamilyRequest(family_id=_NOBODY)
        request.consistency.fully_consistent = True
        with grpc.insecure_channel(self._arena.stack.address(name)) as channel:
            FamilyQueryServiceStub(channel).GetFamily(request, timeout=_LOOK_SECONDS)


def _is_well(look: Callable[[], object]) -> bool:
    try:
        look()
    except grpc.RpcError as error:
        return bool(error.code() is grpc.StatusCode.NOT_FOUND)
    return False


def _position(client: Any, projection: str) -> int | None:
    root = f"diptych:{{{projection}:0}}:"
    generation = client.get(f"{root}live")
    if generation is None:
        return None
    position = client.hget(f"{root}g{generation}:checkpoint", "position")
    return int(position) if position is not None else None
