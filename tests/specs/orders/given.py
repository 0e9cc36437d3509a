"""Histories of the orders domain, for specifications of its commands."""

from typing import ClassVar

from diptych.orders.v1 import events_pb2 as events
from google.protobuf.message import Message

from tests.specs.deciding import NOW, History, refused
from write_service.orders.service import COMMANDS, DECIDERS

__all__ = [
    "ANNA",
    "APPROVED",
    "CANCELLED",
    "DELIVERED",
    "NOW",
    "SHIPPED",
    "Given",
    "a_product",
    "an_order",
    "refused",
]

ANNA = events.CustomerRegistered(customer_id="anna", name="Anna", email="anna@example.com", registered_at=NOW)


def a_product(
    sku: str, *, stock: int = 0, unit_price_cents: int = 100, currency_code: str = "EUR"
) -> list[Message]:
    """A registered product named after its sku, with units in stock."""
    registered = events.ProductRegistered(
        sku=sku, name=f"a {sku}", unit_price_cents=unit_price_cents, currency_code=currency_code
    )
    return [registered, *([events.StockReceived(sku=sku, quantity=stock)] if stock else [])]


def an_order(**units: int) -> list[Message]:
    """Order 42 of Anna, at 100 cents a unit, and the stock that it reserved; the products have ten more."""
    items = [
        events.OrderItem(sku=sku, quantity=quantity, unit_price_cents=100, name=f"a {sku}")
        for sku, quantity in units.items()
    ]
    placed = events.OrderPlaced(
        order_id="42",
        customer_id="anna",
        customer_name="Anna",
        customer_email="anna@example.com",
        items=items,
        total_cents=sum(100 * quantity for quantity in units.values()),
        currency_code="EUR",
        placed_at=NOW,
    )
    placed.shipping_address.region_code = "GB"
    given: list[Message] = [ANNA]
    for sku, quantity in units.items():
        given += a_product(sku, stock=quantity + 10)
        given.append(events.StockReserved(sku=sku, quantity=quantity, order_id="42"))
    return [*given, placed]


APPROVED = events.OrderApproved(order_id="42", approved_by="Bob", approved_at=NOW)
SHIPPED = events.OrderShipped(order_id="42", carrier="DHL", tracking_number="1", shipped_at=NOW)
DELIVERED = events.OrderDelivered(order_id="42", delivered_at=NOW)
CANCELLED = events.OrderCancelled(order_id="42", reason="changed her mind", cancelled_at=NOW)


class Given(History):
    """A history of orders."""

    commands = COMMANDS
    deciders = DECIDERS
    id_fields: ClassVar = {
        "customer": "customer_id",
        "product": "sku",
        "order": "order_id",
        "credit-note": "credit_note_id",
    }
