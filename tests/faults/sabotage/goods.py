"""The few commands that trials send."""

from typing import Any
from uuid import UUID, uuid5

from diptych.command.v1.command_pb2 import CommandContext
from diptych.orders.v1 import order_command_service_pb2 as commands
from google.type.postal_address_pb2 import PostalAddress  # type: ignore[import-untyped] # ships no types

from tests.faults.traffic import Command

_IDS = UUID("0c0ffee0-0000-4000-8000-000000000000")


def command_id(label: str) -> UUID:
    """The id of the command with that label."""
    return UUID(bytes=uuid5(_IDS, label).bytes, version=4)


def register(sku: str) -> Command:
    """A product with nothing of it in stock."""
    fields: Any = {"name": sku, "unit_price_cents": 500, "currency_code": "EUR"}
    return _made("RegisterProduct", f"product-{sku}", f"register {sku}", sku=sku, **fields)


def receive(sku: str, label: str, quantity: int = 5) -> Command:
    """Units for the stock; `label` tells one delivery from another."""
    return _made("ReceiveStock", f"product-{sku}", label, sku=sku, quantity=quantity, reference=label)


def enter(customer: str) -> Command:
    """A customer."""
    fields: Any = {"name": customer, "email": f"{customer}@example.com"}
    label = f"enter {customer}"
    return _made("RegisterCustomer", f"customer-{customer}", label, customer_id=customer, **fields)


def suspend(customer: str) -> Command:
    """The customer may order nothing any more."""
    label = f"suspend {customer}"
    return _made("SuspendCustomer", f"customer-{customer}", label, customer_id=customer, reason="unpaid")


def order(order_id: str, customer: str, sku: str) -> Command:
    """One unit ordered."""
    fields: Any = {
        "customer_id": customer,
        "items": [commands.OrderItemRequest(sku=sku, quantity=1)],
        "shipping_address": PostalAddress(region_code="DE"),
    }
    return _made("PlaceOrder", f"order-{order_id}", f"order {order_id}", order_id=order_id, **fields)


def _made(rpc: str, stream: str, label: str, **fields: Any) -> Command:
    context = CommandContext(command_id=str(command_id(label)))
    request = getattr(commands, f"{rpc}Request")(context=context, **fields)
    return Command(service="orders", rpc=rpc, request=request, stream=stream)
