"""What stands in an order: placing it, adding and removing items, each with the stock that it takes."""

from collections import Counter
from collections.abc import Iterable, Sequence

from diptych.orders.v1.events_pb2 import (
    OrderItem,
    OrderItemAdded,
    OrderItemRemoved,
    OrderPlaced,
    StockReleased,
    StockReserved,
)
from diptych.orders.v1.order_command_service_pb2 import (
    AddOrderItemRequest,
    OrderItemRequest,
    PlaceOrderRequest,
    RemoveOrderItemRequest,
)
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.decider import AggregateNotFound, CommandRejected, Decision, States, Stream
from write_service.orders.customer import CUSTOMER, Customer, registered_customer
from write_service.orders.order import ORDER, Order, OrderExists, pending_order
from write_service.orders.product import PRODUCT, Product, registered_product, require_available

MAX_TOTAL_CENTS = 100_000_000


class AccountSuspended(CommandRejected):
    """A suspended customer places no orders."""


class EmptyOrder(CommandRejected):
    """An order has at least one item."""


class OrderTooLarge(CommandRejected):
    """The total of an order is at most 100,000,000 cents."""


class MixedCurrencies(CommandRejected):
    """All amounts of an order, or of a credit note, are in one currency."""


class OrderItemNotFound(AggregateNotFound):
    """Only a product that stands in the order can be taken out of it."""


def streams_to_place(
    request: PlaceOrderRequest, _order: Order
) -> Iterable[Stream[Customer] | Stream[Product]]:
    yield CUSTOMER.stream(request.customer_id)
    yield from (PRODUCT.stream(sku) for sku in dict.fromkeys(item.sku for item in request.items))


def place_order(request: PlaceOrderRequest, states: States, now: Timestamp) -> Decision:
    stream = ORDER.stream(request.order_id)
    if states[stream].exists:
        raise OrderExists(f"order {request.order_id} exists", order_id=request.order_id)
    if not request.items:
        raise EmptyOrder(f"order {request.order_id} has no items", order_id=request.order_id)
    customer = registered_customer(states, request.customer_id)
    if customer.is_suspended:
        raise AccountSuspended(
            f"customer {request.customer_id} is suspended", customer_id=request.customer_id
        )
    items = [_priced(states, item) for item in request.items]
    total_cents = _allowed_total(request.order_id, 0, items)
    placed = OrderPlaced(
        order_id=request.order_id,
        customer_id=request.customer_id,
        customer_name=customer.name,
        customer_email=customer.email,
        items=items,
        payment_method_id=request.payment_method_id,
        shipping_address=request.shipping_address if request.HasField("shipping_address") else None,
        total_cents=total_cents,
        currency_code=one_currency(states, (item.sku for item in items)),
        placed_at=request.placed_at if request.HasField("placed_at") else now,
    )
    return [(stream, placed), *_reservations(states, request.order_id, items)]


def streams_to_add_item(request: AddOrderItemRequest, _order: Order) -> Iterable[Stream[Product]]:
    yield PRODUCT.stream(request.item.sku)


def add_order_item(request: AddOrderItemRequest, states: States, now: Timestamp) -> Decision:
    order = pending_order(states, request.order_id)
    item = _priced(states, request.item)
    one_currency(states, (item.sku,), order.currency_code)
    total_cents = _allowed_total(request.order_id, order.total_cents, [item])
    added = OrderItemAdded(order_id=request.order_id, item=item, total_cents=total_cents, added_at=now)
    return [(ORDER.stream(request.order_id), added), *_reservations(states, request.order_id, [item])]


def streams_to_remove_item(request: RemoveOrderItemRequest, _order: Order) -> Iterable[Stream[Product]]:
    yield PRODUCT.stream(request.sku)


def remove_order_item(request: RemoveOrderItemRequest, states: States, now: Timestamp) -> Decision:
    order = pending_order(states, request.order_id)
    gone = [line for line in order.lines if line.sku == request.sku]
    if not gone:
        raise OrderItemNotFound(
            f"order {request.order_id} has no {request.sku}", order_id=request.order_id, sku=request.sku
        )
    if len(gone) == len(order.lines):
        raise EmptyOrder(f"order {request.order_id} has nothing but {request.sku}", order_id=request.order_id)
    quantity = sum(line.quantity for line in gone)
    removed = OrderItemRemoved(
        order_id=request.order_id,
        sku=request.sku,
        quantity=quantity,
        line_count=len(gone),
        total_cents=order.total_cents - sum(line.quantity * line.unit_price_cents for line in gone),
        removed_at=now,
    )
    released = StockReleased(sku=request.sku, quantity=quantity, order_id=request.order_id)
    return [(ORDER.stream(request.order_id), removed), (PRODUCT.stream(request.sku), released)]


def one_currency(states: States, skus: Iterable[str], currency_code: str = "") -> str:
    """The currency that all these products have, and `currency_code` too where it is given."""
    found = {registered_product(states, sku).currency_code for sku in skus}
    if currency_code:
        found.add(currency_code)
    if len(found) > 1:
        raise MixedCurrencies(f"amounts in {' and '.join(sorted(found))} can't be added up")
    return found.pop()


def _priced(states: States, item: OrderItemRequest) -> OrderItem:
    product = registered_product(states, item.sku)
    agreed = item.unit_price_cents if item.HasField("unit_price_cents") else product.unit_price_cents
    return OrderItem(sku=item.sku, quantity=item.quantity, unit_price_cents=agreed, name=product.name)


def _allowed_total(order_id: str, before_cents: int, items: Sequence[OrderItem]) -> int:
    total_cents = before_cents + sum(item.quantity * item.unit_price_cents for item in items)
    if total_cents > MAX_TOTAL_CENTS:
        raise OrderTooLarge(
            f"order {order_id} would be {total_cents} cents, at most {MAX_TOTAL_CENTS} are allowed",
            order_id=order_id,
            total_cents=str(total_cents),
        )
    return total_cents


def _reservations(
    states: States, order_id: str, items: Sequence[OrderItem]
) -> Iterable[tuple[Stream[Product], StockReserved]]:
    wanted: Counter[str] = Counter()
    for item in items:
        wanted[item.sku] += item.quantity
    require_available(states, wanted)
    return [
        (PRODUCT.stream(sku), StockReserved(sku=sku, quantity=quantity, order_id=order_id))
        for sku, quantity in wanted.items()
    ]
