"""Opens the batch streams that commands travel on, one function for each domain."""

from collections.abc import Callable
from typing import Any

import grpc.aio
from diptych.families.v1 import family_command_service_pb2_grpc as families
from diptych.orders.v1 import order_command_service_pb2_grpc as orders

# A new ExecuteBatch call on a channel; its messages are the domain's Batched and Answer.
OpenBatch = Callable[[grpc.aio.Channel], "grpc.aio.StreamStreamCall[Any, Any]"]


def orders_batch(channel: grpc.aio.Channel) -> "grpc.aio.StreamStreamCall[Any, Any]":
    """A batch of the orders domain."""
    stub: orders.OrderCommandServiceAsyncStub = orders.OrderCommandServiceStub(channel)
    return stub.ExecuteBatch()


def families_batch(channel: grpc.aio.Channel) -> "grpc.aio.StreamStreamCall[Any, Any]":
    """A batch of the families domain."""
    stub: families.FamilyCommandServiceAsyncStub = families.FamilyCommandServiceStub(channel)
    return stub.ExecuteBatch()
