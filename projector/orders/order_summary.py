"""An order as a row of a list: in every filter, in search, in the dashboard and in sales reports."""

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
    OrderStatus,
    OrderSummary,
)
from google.protobuf.message import Message

from projector.dates import date_of, day_of, microseconds
from projector.orders.money import formatted
from projector.orders.order_details import HIGH_VALUE_CENTS
from projector.orders.sales import sales_tallies
from projector.projection import ReadModel, Tally

_STATUS_NAMES = {number: name.removeprefix("ORDER_STATUS_") for name, number in OrderStatus.items()}


def evolve(view: OrderSummary, event: Message) -> OrderSummary:
    match event:
        case OrderPlaced():
            _place(view, event)
        case OrderItemAdded():
            view.item_count += 1
            view.unit_count += event.item.quantity
            _total(view, event.total_cents)
        case OrderItemRemoved():
            view.item_count -= event.line_count
            view.unit_count -= event.quantity
            _total(view, event.total_cents)
        case OrderApproved():
            view.status = ORDER_STATUS_APPROVED
        case OrderShipped():
            view.status = ORDER_STATUS_SHIPPED
        case OrderDelivered():
            view.status = ORDER_STATUS_DELIVERED
        case OrderCancelled():
            view.status = ORDER_STATUS_CANCELLED
        case _:
            return view
    return view


def _place(view: OrderSummary, event: OrderPlaced) -> None:
    view.order_id = event.order_id
    view.customer_id = event.customer_id
    view.customer_name = event.customer_name
    view.customer_email = event.customer_email
    view.status = ORDER_STATUS_PENDING
    view.item_count = len(event.items)
    view.unit_count = sum(item.quantity for item in event.items)
    view.currency_code = event.currency_code
    view.region_code = event.shipping_address.region_code
    view.placed_at.CopyFrom(event.placed_at)
    view.day_placed.CopyFrom(date_of(event.placed_at))
    _total(view, event.total_cents)


def _total(view: OrderSummary, total_cents: int) -> None:
    view.total_cents = total_cents
    view.formatted_total = formatted(total_cents, view.currency_code)
    view.is_high_value = total_cents > HIGH_VALUE_CENTS


def indexes(view: OrderSummary) -> Iterable[tuple[str, int | tuple[str, int]]]:
    status, customer_id, total_cents = _STATUS_NAMES[view.status], view.customer_id, view.total_cents
    placed = microseconds(view.placed_at)
    return (
        ("placed", placed),
        (f"placed/status/{status}", placed),
        (f"placed/customer/{customer_id}", placed),
        (f"placed/{_value(view)}", placed),
        ("total", total_cents),
        (f"total/status/{status}", total_cents),
        (f"total/customer/{customer_id}", total_cents),
        ("search", (f"{view.customer_name}\n{view.customer_email}", placed)),
    )


def tallies(view: OrderSummary) -> Iterable[Tally]:
    currency_code, total_cents, day = view.currency_code, view.total_cents, day_of(view.placed_at)
    group = f"{_STATUS_NAMES[view.status]}|{_value(view)}|{currency_code}"
    count, cents = f"count|{group}", f"cents|{group}"
    found: list[Tally] = [
        (("orders", "all", count), 1),
        (("orders", "all", cents), total_cents),
        (("orders_by_day", day, count), 1),
        (("orders_by_day", day, cents), total_cents),
        (("orders_by_customer", view.customer_id, count), 1),
        (("orders_by_customer", view.customer_id, cents), total_cents),
    ]
    if view.status != ORDER_STATUS_CANCELLED:
        amounts = {"orders": 1, "units": view.unit_count, "gross": total_cents}
        found += sales_tallies(view.placed_at, view.region_code, currency_code, amounts)
    return found


def _value(view: OrderSummary) -> str:
    return "high" if view.is_high_value else "normal"


ORDER_SUMMARY = ReadModel(
    name="order_summary",
    category="order",
    view=OrderSummary,
    evolve=evolve,
    indexes=indexes,
    tallies=tallies,
)
