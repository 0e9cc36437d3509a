"""Everything about one order, and from it the units each product sold and what each customer spent."""

from collections.abc import Iterable

from diptych.orders.v1.events_pb2 import (
    OrderApproved,
    OrderCancelled,
    OrderDelivered,
    OrderItemAdded,
    OrderItemRemoved,
    OrderPlaced,
    OrderShipped,
)
from diptych.orders.v1.views_pb2 import (
    ORDER_STATUS_APPROVED,
    ORDER_STATUS_CANCELLED,
    ORDER_STATUS_DELIVERED,
    ORDER_STATUS_PENDING,
    ORDER_STATUS_SHIPPED,
    OrderDetails,
)
from google.protobuf.message import Message

from projector.dates import date_of
from projector.orders.money import formatted
from projector.projection import ReadModel, Tally

# An order is of high value when its total is over this.
HIGH_VALUE_CENTS = 100_000

_UNITS_BY_STATUS = {
    ORDER_STATUS_PENDING: "reserved",
    ORDER_STATUS_APPROVED: "reserved",
    ORDER_STATUS_SHIPPED: "sold",
    ORDER_STATUS_DELIVERED: "sold",
}


def evolve(view: OrderDetails, event: Message) -> OrderDetails:
    match event:
        case OrderPlaced():
            _place(view, event)
        case OrderItemAdded():
            view.items.append(event.item)
            _count(view, event.total_cents)
        case OrderItemRemoved():
            kept = [item for item in view.items if item.sku != event.sku]
            del view.items[:]
            view.items.extend(kept)
            _count(view, event.total_cents)
        case OrderApproved():
            view.status = ORDER_STATUS_APPROVED
            view.approved_by = event.approved_by
            view.approved_at.CopyFrom(event.approved_at)
        case OrderShipped():
            view.status = ORDER_STATUS_SHIPPED
            view.carrier = event.carrier
            view.tracking_number = event.tracking_number
            view.shipped_at.CopyFrom(event.shipped_at)
        case OrderDelivered():
            view.status = ORDER_STATUS_DELIVERED
            view.delivered_at.CopyFrom(event.delivered_at)
        case OrderCancelled():
            view.status = ORDER_STATUS_CANCELLED
            view.cancellation_reason = event.reason
            view.cancelled_at.CopyFrom(event.cancelled_at)
        case _:
            return view
    return view


def _place(view: OrderDetails, event: OrderPlaced) -> None:
    view.order_id = event.order_id
    view.customer_id = event.customer_id
    view.customer_name = event.customer_name
    view.customer_email = event.customer_email
    view.status = ORDER_STATUS_PENDING
    view.items.extend(event.items)
    view.payment_method_id = event.payment_method_id
    if event.HasField("shipping_address"):
        view.shipping_address.CopyFrom(event.shipping_address)
    view.currency_code = event.currency_code
    view.placed_at.CopyFrom(event.placed_at)
    view.day_placed.CopyFrom(date_of(event.placed_at))
    _count(view, event.total_cents)


def _count(view: OrderDetails, total_cents: int) -> None:
    view.item_count = len(view.items)
    view.total_cents = total_cents
    view.formatted_total = formatted(total_cents, view.currency_code)
    view.is_high_value = total_cents > HIGH_VALUE_CENTS


def tallies(view: OrderDetails) -> Iterable[Tally]:
    column = _UNITS_BY_STATUS.get(view.status)
    if column is None:
        return ()
    customer_id = view.customer_id
    return [
        *((("product_units", item.sku, column), item.quantity) for item in view.items),
        (("customer_totals", customer_id, "orders"), 1),
        (("customer_totals", customer_id, f"spent|{view.currency_code}"), view.total_cents),
    ]


ORDER_DETAILS = ReadModel(
    name="order_details", category="order", view=OrderDetails, evolve=evolve, tallies=tallies
)
