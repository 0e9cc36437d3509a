"""Orders: what became of them since they were placed, and what may become of them next."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from diptych.orders.v1.events_pb2 import (
    OrderApproved,
    OrderCancelled,
    OrderDelivered,
    OrderItem,
    OrderItemAdded,
    OrderItemRemoved,
    OrderPlaced,
    OrderShipped,
    StockReleased,
)
from diptych.orders.v1.order_command_service_pb2 import (
    ApproveOrderRequest,
    CancelOrderRequest,
    DeliverOrderRequest,
    ShipOrderRequest,
)
from diptych.orders.v1.views_pb2 import (
    ORDER_STATUS_APPROVED,
    ORDER_STATUS_CANCELLED,
    ORDER_STATUS_DELIVERED,
    ORDER_STATUS_PENDING,
    ORDER_STATUS_SHIPPED,
    ORDER_STATUS_UNSPECIFIED,
    OrderStatus,
)
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.decider import (
    AggregateExists,
    AggregateNotFound,
    CommandRejected,
    Decider,
    Decision,
    States,
    Stream,
)
from write_service.orders.product import PRODUCT, Product

OrderEvent = (
    OrderPlaced
    | OrderItemAdded
    | OrderItemRemoved
    | OrderApproved
    | OrderShipped
    | OrderDelivered
    | OrderCancelled
)


class OrderNotFound(AggregateNotFound):
    """Only an order that was placed can be changed."""


class OrderExists(AggregateExists):
    """An order's id is given once."""


class OrderNotPending(CommandRejected):
    """An order is changed and approved while it is pending."""


class OrderNotApproved(CommandRejected):
    """Only an approved order is shipped."""


class OrderNotShipped(CommandRejected):
    """Only a shipped order is delivered."""


class OrderAlreadyShipped(CommandRejected):
    """What was shipped is not cancelled."""


class OrderAlreadyCancelled(CommandRejected):
    """An order is cancelled once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line of an order."""

    sku: str
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as the rules see one; without a status there is none."""

    status: OrderStatus.ValueType = ORDER_STATUS_UNSPECIFIED
    customer_id: str = ""
    lines: tuple[OrderLine, ...] = ()
    total_cents: int = 0
    currency_code: str = ""
    region_code: str = ""

    @property
    def exists(self) -> bool:
        return self.status != ORDER_STATUS_UNSPECIFIED


def approve_order(request: ApproveOrderRequest, states: States, now: Timestamp) -> Decision:
    pending_order(states, request.order_id)
    event = OrderApproved(order_id=request.order_id, approved_by=request.approved_by, approved_at=now)
    return [(ORDER.stream(request.order_id), event)]


def ship_order(request: ShipOrderRequest, states: States, now: Timestamp) -> Decision:
    order = placed_order(states, request.order_id)
    if order.status != ORDER_STATUS_APPROVED:
        raise _refused(OrderNotApproved, request.order_id, order, f"is {_name(order.status)}, not APPROVED")
    event = OrderShipped(
        order_id=request.order_id,
        carrier=request.carrier,
        tracking_number=request.tracking_number,
        shipped_at=now,
    )
    return [(ORDER.stream(request.order_id), event)]


def deliver_order(request: DeliverOrderRequest, states: States, now: Timestamp) -> Decision:
    order = placed_order(states, request.order_id)
    if order.status != ORDER_STATUS_SHIPPED:
        raise _refused(OrderNotShipped, request.order_id, order, f"is {_name(order.status)}, not SHIPPED")
    event = OrderDelivered(order_id=request.order_id, delivered_at=now)
    return [(ORDER.stream(request.order_id), event)]


def streams_to_cancel(_request: CancelOrderRequest, order: Order) -> Iterable[Stream[Product]]:
    return [PRODUCT.stream(sku) for sku in _units(order)]


def cancel_order(request: CancelOrderRequest, states: States, now: Timestamp) -> Decision:
    order = placed_order(states, request.order_id)
    if order.status in (ORDER_STATUS_SHIPPED, ORDER_STATUS_DELIVERED):
        raise _refused(OrderAlreadyShipped, request.order_id, order, "was shipped already")
    if order.status == ORDER_STATUS_CANCELLED:
        raise _refused(OrderAlreadyCancelled, request.order_id, order, "was cancelled already")
    cancelled = OrderCancelled(order_id=request.order_id, reason=request.reason, cancelled_at=now)
    released = [
        (PRODUCT.stream(sku), StockReleased(sku=sku, quantity=quantity, order_id=request.order_id))
        for sku, quantity in _units(order).items()
    ]
    return [(ORDER.stream(request.order_id), cancelled), *released]


def placed_order(states: States, order_id: str) -> Order:
    """Raise OrderNotFound when no order was placed under this id."""
    order = states[ORDER.stream(order_id)]
    if not order.exists:
        raise OrderNotFound(f"order {order_id} does not exist", order_id=order_id)
    return order


def pending_order(states: States, order_id: str) -> Order:
    """Raise OrderNotFound or OrderNotPending unless the order may still be changed."""
    order = placed_order(states, order_id)
    if order.status != ORDER_STATUS_PENDING:
        raise _refused(OrderNotPending, order_id, order, f"is {_name(order.status)}, not PENDING")
    return order


def _refused(rejection: type[CommandRejected], order_id: str, order: Order, why: str) -> CommandRejected:
    return rejection(f"order {order_id} {why}", order_id=order_id, status=_name(order.status))


def _name(status: OrderStatus.ValueType) -> str:
    return OrderStatus.Name(status).removeprefix("ORDER_STATUS_")


def _units(order: Order) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in order.lines:
        units[line.sku] += line.quantity
    return units


def evolve(order: Order, event: OrderEvent) -> Order:  # noqa: PLR0911 - one return an event
    match event:
        case OrderPlaced():
            return Order(
                status=ORDER_STATUS_PENDING,
                customer_id=event.customer_id,
                lines=tuple(_line(item) for item in event.items),
                total_cents=event.total_cents,
                currency_code=event.currency_code,
                region_code=event.shipping_address.region_code,
            )
        case OrderItemAdded():
            return replace(order, lines=(*order.lines, _line(event.item)), total_cents=event.total_cents)
        case OrderItemRemoved():
            left = tuple(line for line in order.lines if line.sku != event.sku)
            return replace(order, lines=left, total_cents=event.total_cents)
        case OrderApproved():
            return replace(order, status=ORDER_STATUS_APPROVED)
        case OrderShipped():
            return replace(order, status=ORDER_STATUS_SHIPPED)
        case OrderDelivered():
            return replace(order, status=ORDER_STATUS_DELIVERED)
        case OrderCancelled():
            return replace(order, status=ORDER_STATUS_CANCELLED)
        case _:
            assert_never(event)


def _line(item: OrderItem) -> OrderLine:
    return OrderLine(sku=item.sku, quantity=item.quantity, unit_price_cents=item.unit_price_cents)


ORDER = Decider(
    category="order",
    initial=Order(),
    evolve=evolve,
    events=(
        OrderPlaced,
        OrderItemAdded,
        OrderItemRemoved,
        OrderApproved,
        OrderShipped,
        OrderDelivered,
        OrderCancelled,
    ),
)
