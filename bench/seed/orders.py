"""Orders as a shop has them after a while: some pending, some on their way, some cancelled."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1.views_pb2 import OrderStatus
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from bench.seed import names

FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
STOCK = 1_000_000_000
_STATUSES = ("PENDING", "APPROVED", "SHIPPED", "DELIVERED", "CANCELLED")
_SHARES = (20, 20, 20, 30, 10)
_REGIONS = ("GB", "DE", "FR", "US")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedLine:
    """A line of an order."""

    product: int
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedOrder:
    """An order by its number, in plain values: both the log and the peers' tables are made of it."""

    number: int
    customer: int
    status: str
    region_code: str
    placed_at: datetime
    lines: Sequence[SeedLine]

    @property
    def total_cents(self) -> int:
        """The sum of the lines."""
        return sum(line.quantity * line.unit_price_cents for line in self.lines)

    @property
    def status_number(self) -> int:
        """The status as the views have it."""
        return OrderStatus.Value(f"ORDER_STATUS_{self.status}")


def price_cents(product: int) -> int:
    """A product's list price."""
    return 100 + product * 37 % 20_000


def seed_orders(count: int, *, customers: int, products: int) -> Iterator[SeedOrder]:
    """The same orders each time, one a minute and with 1 to 5 lines."""
    choices = random.Random(42)
    for number in range(count):
        chosen = choices.sample(range(products), choices.randint(1, 5))
        yield SeedOrder(
            number=number,
            customer=choices.randrange(customers),
            status=choices.choices(_STATUSES, _SHARES)[0],
            region_code=choices.choice(_REGIONS),
            placed_at=FIRST_DAY + timedelta(minutes=number),
            lines=[
                SeedLine(product=each, quantity=choices.randint(1, 9), unit_price_cents=price_cents(each))
                for each in chosen
            ],
        )


def customer_events(number: int) -> list[Message]:
    """What happened to a customer."""
    customer_id = names.customer(number)
    return [
        events.CustomerRegistered(
            customer_id=customer_id,
            name=f"Customer {number}",
            email=f"{customer_id}@example.com",
            registered_at=_stamp(FIRST_DAY),
        )
    ]


def product_events(number: int) -> list[Message]:
    """What happened to a product before it was ordered."""
    sku = names.sku(number)
    return [
        events.ProductRegistered(
            sku=sku,
            name=f"Product {number}",
            unit_price_cents=price_cents(number),
            currency_code="EUR",
            registered_at=_stamp(FIRST_DAY),
        ),
        events.StockReceived(sku=sku, quantity=STOCK, received_at=_stamp(FIRST_DAY)),
    ]


def deliveries_of(sku: str, count: int) -> list[Message]:
    """What happened to a product that was delivered very often, as many events in all."""
    at = _stamp(FIRST_DAY)
    registered = events.ProductRegistered(
        sku=sku, name="Product", unit_price_cents=100, currency_code="EUR", registered_at=at
    )
    delivered = [
        events.StockReceived(sku=sku, quantity=1, reference="bench", received_at=at) for _ in range(count - 1)
    ]
    return [registered, *delivered]


def order_events(order: SeedOrder) -> list[Message]:
    """What happened to an order and to the stock that it took."""
    order_id = names.order(order.number)
    reserved = [
        events.StockReserved(sku=names.sku(line.product), quantity=line.quantity, order_id=order_id)
        for line in order.lines
    ]
    return [_placed(order), *reserved, *_later(order, order_id)]


def _placed(order: SeedOrder) -> events.OrderPlaced:
    customer_id = names.customer(order.customer)
    placed = events.OrderPlaced(
        order_id=names.order(order.number),
        customer_id=customer_id,
        customer_name=f"Customer {order.customer}",
        customer_email=f"{customer_id}@example.com",
        items=[
            events.OrderItem(
                sku=names.sku(line.product),
                quantity=line.quantity,
                unit_price_cents=line.unit_price_cents,
                name=f"Product {line.product}",
            )
            for line in order.lines
        ],
        payment_method_id="card-1",
        total_cents=order.total_cents,
        currency_code="EUR",
        placed_at=_stamp(order.placed_at),
    )
    placed.shipping_address.region_code = order.region_code
    return placed


def _later(order: SeedOrder, order_id: str) -> Iterator[Message]:
    stamp = _stamp(order.placed_at + timedelta(minutes=1))
    if order.status == "CANCELLED":
        yield events.OrderCancelled(order_id=order_id, reason="changed my mind", cancelled_at=stamp)
        for line in order.lines:
            yield events.StockReleased(sku=names.sku(line.product), quantity=line.quantity, order_id=order_id)
        return
    reached = _STATUSES.index(order.status)
    if reached >= 1:
        yield events.OrderApproved(order_id=order_id, approved_by="bench", approved_at=stamp)
    if reached >= 2:
        yield events.OrderShipped(
            order_id=order_id, carrier="Post", tracking_number=f"T{order.number}", shipped_at=stamp
        )
    if reached >= 3:
        yield events.OrderDelivered(order_id=order_id, delivered_at=stamp)


def _stamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
