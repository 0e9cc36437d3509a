"""Money and stock, added up over what clients sent, over the log and over tallies, without any fold."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from diptych.families.v1 import events_pb2 as family_events
from diptych.families.v1 import family_command_service_pb2 as family_commands
from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands
from google.protobuf.message import Message

from tests.faults.checker.contents import effective_calls, is_accepted
from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.requests import request_of

Sums = Counter[tuple[str, str]]


def no_oversell(evidence: Evidence) -> Findings:
    """Stock: no product was ever promised beyond what was there; orders hold what is reserved for them."""
    available: Counter[str] = Counter()
    reserved: Counter[tuple[str, str]] = Counter()
    for event in evidence.log.events:
        if event.category != "product":
            continue
        message: Any = event.message
        match message:
            case events.StockReceived():
                available[message.sku] += message.quantity
            case events.StockAdjusted():
                available[message.sku] += message.delta
            case events.StockReserved():
                available[message.sku] -= message.quantity
                reserved[message.order_id, message.sku] += message.quantity
            case events.StockReleased():
                available[message.sku] += message.quantity
                reserved[message.order_id, message.sku] -= message.quantity
            case _:
                continue
        if available[message.sku] < 0:
            yield found("stock", f"{event.place}: {-available[message.sku]} more promised than there were")
    yield from _unheld(evidence, +reserved, -reserved)


def _unheld(
    evidence: Evidence, reserved: Counter[tuple[str, str]], overdrawn: Counter[tuple[str, str]]
) -> Iterator[Violation]:
    ordered: Counter[tuple[str, str]] = Counter()
    for order in _orders(evidence):
        if not order.is_cancelled:
            for line in order.lines:
                ordered[order.id, line.sku] += line.quantity
    for key in sorted((reserved - ordered) + (ordered - reserved) + overdrawn):
        held = reserved[key] - overdrawn[key]
        yield found("stock", f"order {key[0]}: {held} of {key[1]} are reserved, {ordered[key]} ordered")


class _Order:
    """What stands in an order, and what its events say that it costs."""

    def __init__(self, placed: events.OrderPlaced) -> None:
        self.id = placed.order_id
        self.currency_code = placed.currency_code
        self.lines = list(placed.items)
        self.total_cents = placed.total_cents
        self.is_cancelled = False

    def add(self, message: Any) -> None:
        match message:
            case events.OrderItemAdded():
                self.lines.append(message.item)
            case events.OrderItemRemoved():
                self.lines = [line for line in self.lines if line.sku != message.sku]
            case events.OrderCancelled():
                self.is_cancelled = True
        self.total_cents = getattr(message, "total_cents", self.total_cents)


def _orders(evidence: Evidence, up_to: int | None = None) -> Iterator[_Order]:
    for stream, its in evidence.index.by_stream.items():
        if not stream.startswith("order-") or (up_to is not None and its[0].position > up_to):
            continue
        first = its[0].message
        if isinstance(first, events.OrderPlaced):
            order = _Order(first)
            for event in its[1:]:
                if up_to is None or event.position <= up_to:
                    order.add(event.message)
            yield order


def money_adds_up(evidence: Evidence) -> Findings:
    """Money: what an event says in total is the sum of its parts; and what was asked for is in the log."""
    for event in evidence.log.events:
        message: Any = event.message
        match message:
            case events.OrderPlaced() | events.CreditNoteIssued():
                parts = sum(each.quantity * each.unit_price_cents for each in message.items)
                whole = message.total_cents
            case family_events.PaymentReceived():
                parts = sum(each.amount_cents for each in message.allocations) + message.credit_cents
                whole = message.amount_cents
            case _:
                continue
        if parts != whole:
            yield found("money", f"{event.place}: {whole} cents, its parts are {parts}")
    for order in _orders(evidence):
        parts = sum(line.quantity * line.unit_price_cents for line in order.lines)
        if parts != order.total_cents:
            yield found("money", f"order {order.id}: {order.total_cents} cents, its lines are {parts}")
    asked, logged = _asked(evidence), _logged(evidence)
    for key in sorted(key for key in asked.keys() | logged.keys() if asked[key] != logged[key]):
        yield found(
            "money", f"{' '.join(key)}: {asked[key]} asked for and accepted, {logged[key]} in the log"
        )


def _asked(evidence: Evidence) -> Sums:
    """Over the commands that took effect or were said to, each once."""
    sums: Sums = Counter()
    effective = effective_calls(evidence)
    # What was accepted and is not there counts as well.
    calls = {call.command_id: call for call in evidence.commands if is_accepted(evidence, call)} | effective
    for call in calls.values():
        sums.update(dict(_asked_by(request_of(call))))
    return sums


def _asked_by(request: Any) -> Iterator[tuple[tuple[str, str], int]]:
    match request:
        case commands.PlaceOrderRequest():
            yield from _units("units ordered of", request.items)
        case commands.AddOrderItemRequest():
            yield from _units("units ordered of", [request.item])
        case commands.IssueCreditNoteRequest():
            yield from _units("units credited of", request.items)
        case commands.ReceiveStockRequest():
            yield ("units received of", request.sku), request.quantity
        case commands.AdjustStockRequest():
            yield ("units received of", request.sku), request.delta
        case family_commands.ReceivePaymentRequest():
            yield ("cents paid by", request.family_id), request.amount_cents
        case family_commands.IssueTuitionInvoiceRequest():
            yield ("cents invoiced to", request.family_id), request.amount_cents


def _units(name: str, items: Any) -> Iterator[tuple[tuple[str, str], int]]:
    units: Counter[str] = Counter()
    for item in items:
        units[item.sku] += item.quantity
    yield from (((name, sku), quantity) for sku, quantity in units.items())


def _logged(evidence: Evidence) -> Sums:
    sums: Sums = Counter()
    for event in evidence.log.events:
        if event.position > evidence.begins_after:
            sums.update(dict(_said_by(event.message)))
    return sums


def _said_by(message: Message) -> Iterator[tuple[tuple[str, str], int]]:
    match message:
        case events.OrderPlaced():
            yield from _units("units ordered of", message.items)
        case events.OrderItemAdded():
            yield from _units("units ordered of", [message.item])
        case events.CreditNoteIssued():
            yield from _units("units credited of", message.items)
        case events.StockReceived() if not message.credit_note_id:
            yield ("units received of", message.sku), message.quantity
        case events.StockAdjusted():
            yield ("units received of", message.sku), message.delta
        case family_events.PaymentReceived():
            yield ("cents paid by", message.family_id), message.amount_cents
        case family_events.TuitionInvoiced():
            yield ("cents invoiced to", message.family_id), message.amount_cents
