"""What events of orders come to, as plain data made straight from the list of them: documents, places in
indexes, tallies. It shares nothing with the projector, which must come to the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from diptych.orders.v1 import events_pb2 as events

from tests.order_events import stream_of
from tests.order_facts import Customer, Document, Facts, Happened, Order, Product
from tests.order_places import Tallies, credit_tallies, details_tallies, summary_scores, summary_tallies
from tests.plain import plain

_SIGNS = {"GBP": "£", "USD": "$", "EUR": "€"}


@dataclass(slots=True)
class Folded:
    """documents: (view, id) -> fields. scores: (index, id) -> score. texts: (index, id) -> text, rank."""

    documents: dict[tuple[str, str], Document] = field(default_factory=dict)
    scores: dict[tuple[str, str], int] = field(default_factory=dict)
    texts: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=Counter)


def fold(log: Iterable[Happened]) -> Folded:
    """All that the read models of orders hold after these events; tallies without zeros."""
    found, happened = Folded(), defaultdict[tuple[str, str], list[Happened]](list)
    for event, at in log:
        happened[stream_of(event)].append((event, at))
    for (stream, category), its in happened.items():
        _add[category](found, stream.removeprefix(f"{category}-"), its)
    found.tallies = Counter({key: amount for key, amount in found.tallies.items() if amount})
    return found


def _add_order(found: Folded, id_: str, happened: list[Happened]) -> None:
    order = Order(happened)
    row, all_of_it = summary(order), details(order)
    found.documents["order_summary", id_], found.documents["order_details", id_] = row, all_of_it
    scores = summary_scores(row)
    found.scores.update({(index, id_): score for index, score in scores.items()})
    found.texts["search", id_] = f"{row['customer_name']}\n{row['customer_email']}", scores["placed"]
    found.tallies.update(summary_tallies(row))
    found.tallies.update(details_tallies(all_of_it))


def _add_customer(found: Folded, id_: str, happened: list[Happened]) -> None:
    found.documents["customer", id_] = customer(Customer(happened))


def _add_product(found: Folded, id_: str, happened: list[Happened]) -> None:
    document = found.documents["product", id_] = product(Product(happened))
    found.scores["available", id_] = document["available"]
    found.texts["product_name", id_] = document["name"], 0


def _add_credit_note(found: Folded, id_: str, happened: list[Happened]) -> None:
    document = found.documents["credit_note", id_] = credit_note(Facts(happened))
    found.tallies.update(credit_tallies(document))


_add = {
    "order": _add_order,
    "customer": _add_customer,
    "product": _add_product,
    "credit-note": _add_credit_note,
}


def summary(order: Order) -> Document:
    """OrderSummary."""
    return {
        **_row(order),
        "region_code": order.placed.shipping_address.region_code,
        "unit_count": sum(line.quantity for line in order.lines),
    }


def details(order: Order) -> Document:
    """OrderDetails."""
    approved, shipped = order.last(events.OrderApproved), order.last(events.OrderShipped)
    delivered, cancelled = order.last(events.OrderDelivered), order.last(events.OrderCancelled)
    address = order.placed.shipping_address if order.placed.HasField("shipping_address") else None
    return {
        **_row(order),
        "items": [plain(line) for line in order.lines],
        "payment_method_id": order.placed.payment_method_id,
        "shipping_address": plain(address) if address is not None else None,
        "approved_by": approved.approved_by if approved else "",
        "approved_at": plain(approved.approved_at) if approved else None,
        "carrier": shipped.carrier if shipped else "",
        "tracking_number": shipped.tracking_number if shipped else "",
        "shipped_at": plain(shipped.shipped_at) if shipped else None,
        "delivered_at": plain(delivered.delivered_at) if delivered else None,
        "cancelled_at": plain(cancelled.cancelled_at) if cancelled else None,
        "cancellation_reason": cancelled.reason if cancelled else "",
    }


def _row(order: Order) -> Document:
    """What a summary and details both have."""
    placed, total = order.placed, order.total_cents
    at = plain(placed.placed_at)
    return {
        "order_id": placed.order_id,
        "customer_id": placed.customer_id,
        "customer_name": placed.customer_name,
        "customer_email": placed.customer_email,
        "status": order.status,
        "item_count": len(order.lines),
        "total_cents": total,
        "currency_code": placed.currency_code,
        "formatted_total": money(total, placed.currency_code),
        "is_high_value": total > 100_000,
        "placed_at": at,
        "day_placed": at.date().isoformat(),
        "last_updated": order.recorded_at,
        "version": order.version,
    }


def money(cents: int, currency_code: str) -> str:
    """£1,234.50, or CHF 1,234.50 where a currency has no sign of its own."""
    sign = _SIGNS.get(currency_code, currency_code + " ")
    return f"{sign}{cents // 100:,}.{cents % 100:02d}"


def customer(of: Customer) -> Document:
    """Customer, without what orders and credit notes add when it is read."""
    registered, suspension = of.first(events.CustomerRegistered), of.suspension
    return {
        "customer_id": registered.customer_id,
        "name": of.named.name,
        "email": of.named.email,
        "status": "SUSPENDED" if suspension else "ACTIVE",
        "suspension_reason": suspension.reason if suspension else "",
        "registered_at": plain(registered.registered_at),
        "last_updated": of.recorded_at,
        "version": of.version,
        "order_count": 0,
        "total_spent_cents": 0,
        "credit_cents": 0,
        "currency_code": "",
        "last_order_id": "",
        "last_order_at": None,
        "amounts": [],
    }


def product(of: Product) -> Document:
    """Product, without what orders add when it is read."""
    registered = of.first(events.ProductRegistered)
    return {
        "sku": registered.sku,
        "name": registered.name,
        "unit_price_cents": of.unit_price_cents,
        "currency_code": registered.currency_code,
        "received": of.received,
        "reserved": 0,
        "available": of.received - of.held,
        "sold": 0,
        "last_updated": of.recorded_at,
        "version": of.version,
    }


def credit_note(of: Facts) -> Document:
    """CreditNote."""
    issued = of.first(events.CreditNoteIssued)
    return {
        **plain(issued),
        "last_updated": of.recorded_at,
        "version": of.version,
    }
