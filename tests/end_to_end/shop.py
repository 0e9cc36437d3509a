"""What a client sees of a running stack: its services, the log, the health of each, and orders to place."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken, OnTimeout
from diptych.eventlog.v1 import event_log_service_pb2 as event_log
from diptych.families.v1.family_query_service_pb2_grpc import FamilyQueryServiceStub
from diptych.orders.v1.order_query_service_pb2_grpc import OrderQueryServiceStub
from diptych.projections.v1.projection_admin_service_pb2_grpc import ProjectionAdminServiceStub
from grpc_health.v1 import health_pb2  # type: ignore[import-untyped] # ships no types

from tests.services.write_services import Caller
from tests.stack import Stack

PROCESSES = ("write_service", "second_write_service", "read_service", "second_read_service", "projector")
COMMANDS = "diptych.orders.v1.OrderCommandService"
FAMILY_COMMANDS = "diptych.families.v1.FamilyCommandService"
EVENT_LOG = "diptych.eventlog.v1.EventLogService"
QUERIES = "diptych.orders.v1.OrderQueryService"
FAMILY_QUERIES = "diptych.families.v1.FamilyQueryService"
PROJECTIONS = "diptych.projections.v1.ProjectionAdminService"
# Generous: what is answered at once needs a fraction of it.
AT_ONCE_SECONDS = 15.0
DEADLINE_SECONDS = 60.0

_CHANNEL_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    # A process that comes back is found again at once.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 100),
)


class Reader:
    """A client of one read service."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        # Any: the generated stub is typed for synchronous channels too, and its unions hide the messages.
        self.orders: Any = OrderQueryServiceStub(channel)
        self.families: Any = FamilyQueryServiceStub(channel)


class Admin:
    """A client of the projector."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.projections: Any = ProjectionAdminServiceStub(channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Both write services, both read services and the projector of one stack."""

    write: Caller
    second_write: Caller
    read: Reader
    second_read: Reader
    admin: Admin

    @property
    def services(self) -> dict[str, grpc.aio.Channel]:
        """Each service by name, with a channel to the process that serves it."""
        return {
            COMMANDS: self.write.channel,
            FAMILY_COMMANDS: self.write.channel,
            EVENT_LOG: self.write.channel,
            QUERIES: self.read.channel,
            FAMILY_QUERIES: self.read.channel,
            PROJECTIONS: self.admin.channel,
        }


@asynccontextmanager
async def open_shop(stack: Stack) -> AsyncIterator[Shop]:
    """Connect to every process of a stack that has two write services and two read services."""
    async with AsyncExitStack() as opened:

        async def channel(name: str) -> grpc.aio.Channel:
            return await opened.enter_async_context(channel_to(stack.address(name)))

        yield Shop(
            write=Caller(await channel("write_service"), stack.write_address),
            second_write=Caller(await channel("second_write_service"), stack.address("second_write_service")),
            read=Reader(await channel("read_service")),
            second_read=Reader(await channel("second_read_service")),
            admin=Admin(await channel("projector")),
        )


def channel_to(address: str) -> grpc.aio.Channel:
    """A connection of its own that is made again soon after it was lost."""
    return grpc.aio.insecure_channel(address, options=_CHANNEL_OPTIONS)


def new_id(kind: str) -> str:
    """An id that no other test uses."""
    return f"{kind}-{uuid4().hex[:12]}"


def including(token: ConsistencyToken, **waiting: Any) -> Consistency:
    """The answer includes what the token stands for."""
    return _consistency(Consistency(at_least_as_fresh=token), **waiting)


def newest(**waiting: Any) -> Consistency:
    """The answer includes everything that is in the log when it is asked."""
    return _consistency(Consistency(fully_consistent=True), **waiting)


def _consistency(
    consistency: Consistency,
    max_wait_seconds: float = DEADLINE_SECONDS / 2,
    on_timeout: OnTimeout.ValueType = OnTimeout.ON_TIMEOUT_FAIL,
) -> Consistency:
    consistency.max_wait.FromTimedelta(timedelta(seconds=max_wait_seconds))
    consistency.on_timeout = on_timeout
    return consistency


async def head_of(caller: Caller) -> int:
    """The position of the newest event."""
    pages = [
        page async for page in caller.log.ReadAll(event_log.ReadAllRequest(limit=1), timeout=DEADLINE_SECONDS)
    ]
    return max((page.head for page in pages), default=0)


async def recorded_after(caller: Caller, position: int) -> list[event_log.RecordedEvent]:
    """Every event after a position; that positions have no gap is checked on the way."""
    pages = caller.log.ReadAll(event_log.ReadAllRequest(after_position=position), timeout=DEADLINE_SECONDS)
    events = [event async for page in pages for event in page.events]
    expected = range(position + 1, position + 1 + len(events))
    assert [event.position for event in events] == list(expected)
    return events


async def health_of(channel: grpc.aio.Channel, service: str) -> str:
    """SERVING or NOT_SERVING, or the name of the status with which the check was refused."""
    check: Any = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        health_pb2.HealthCheckRequest.SerializeToString,
        health_pb2.HealthCheckResponse.FromString,
    )
    try:
        answer = await check(health_pb2.HealthCheckRequest(service=service), timeout=AT_ONCE_SECONDS)
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))
