"""Load for measurements: the gRPC stubs over plain channels, and orders made by the thousand."""

import uuid
from collections.abc import AsyncIterator, Iterable

import grpc.aio
from diptych.command.v1.command_pb2 import CommandContext
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1 import order_command_service_pb2_grpc as command_stubs
from diptych.orders.v1 import order_query_service_pb2_grpc as query_stubs


def new_context() -> CommandContext:
    """A context with a command id of its own."""
    return CommandContext(command_id=str(uuid.uuid4()))


def command_stub(address: str) -> "command_stubs.OrderCommandServiceAsyncStub":
    """A stub over a connection of its own."""
    channel = grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
    return command_stubs.OrderCommandServiceStub(channel)


def query_stub(address: str) -> "query_stubs.OrderQueryServiceAsyncStub":
    """A stub over a connection of its own."""
    channel = grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
    return query_stubs.OrderQueryServiceStub(channel)


async def execute(
    stub: "command_stubs.OrderCommandServiceAsyncStub", requests: Iterable[commands.ExecuteBatchRequest]
) -> AsyncIterator[commands.ExecuteBatchResponse]:
    """The answers to a batch, in order; raises RuntimeError on the first refusal."""

    async def sent() -> AsyncIterator[commands.ExecuteBatchRequest]:
        for request in requests:
            yield request

    async for response in stub.ExecuteBatch(sent()):
        if response.HasField("error"):
            raise RuntimeError(f"{response.command_id}: {response.error.message}")
        yield response


def customer(customer_id: str) -> commands.ExecuteBatchRequest:
    """A command that registers a customer."""
    return commands.ExecuteBatchRequest(
        register_customer=commands.RegisterCustomerRequest(
            context=new_context(),
            customer_id=customer_id,
            name=f"Customer {customer_id}",
            email=f"{customer_id}@example.com",
        )
    )


def product_with_stock(sku: str, quantity: int) -> list[commands.ExecuteBatchRequest]:
    """Commands that register a product and fill its stock."""
    return [
        commands.ExecuteBatchRequest(
            register_product=commands.RegisterProductRequest(
                context=new_context(),
                sku=sku,
                name=f"Product {sku}",
                unit_price_cents=1250,
                currency_code="EUR",
            )
        ),
        commands.ExecuteBatchRequest(
            receive_stock=commands.ReceiveStockRequest(context=new_context(), sku=sku, quantity=quantity)
        ),
    ]


def order(
    order_id: str, customer_id: str, skus: Iterable[str], placed_at_seconds: int
) -> commands.ExecuteBatchRequest:
    """A command that places an order of one unit each."""
    request = commands.PlaceOrderRequest(
        context=new_context(),
        order_id=order_id,
        customer_id=customer_id,
        items=[commands.OrderItemRequest(sku=sku, quantity=1) for sku in skus],
    )
    request.placed_at.seconds = placed_at_seconds
    return commands.ExecuteBatchRequest(place_order=request)
