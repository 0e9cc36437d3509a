"""Credit notes: money given back to a customer, and goods that come back into stock with it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from diptych.orders.v1.events_pb2 import CreditNoteIssued, CreditNoteItem, StockReceived
from diptych.orders.v1.order_command_service_pb2 import CreditNoteItemRequest, IssueCreditNoteRequest
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.decider import AggregateExists, CommandRejected, Decider, Decision, States, Stream
from write_service.orders.customer import CUSTOMER, registered_customer
from write_service.orders.order import ORDER, Order, OrderNotFound
from write_service.orders.order_items import MAX_TOTAL_CENTS, one_currency
from write_service.orders.product import PRODUCT, Product, registered_product


class CreditNoteExists(AggregateExists):
    """A credit note's id is given once."""


class EmptyCreditNote(CommandRejected):
    """A credit note has at least one item."""


class CreditNoteTooLarge(CommandRejected):
    """The total of a credit note is at most 100,000,000 cents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote:
    """A credit note as the rules see one."""

    is_issued: bool = False


def streams_to_issue(request: IssueCreditNoteRequest, _note: CreditNote) -> Iterable[Stream[Any]]:
    yield CUSTOMER.stream(request.customer_id)
    if request.order_id:
        yield ORDER.stream(request.order_id)
    yield from (PRODUCT.stream(sku) for sku in dict.fromkeys(item.sku for item in request.items))


def issue_credit_note(request: IssueCreditNoteRequest, states: States, now: Timestamp) -> Decision:
    stream = CREDIT_NOTE.stream(request.credit_note_id)
    if states[stream].is_issued:
        raise CreditNoteExists(
            f"credit note {request.credit_note_id} exists", credit_note_id=request.credit_note_id
        )
    if not request.items:
        raise EmptyCreditNote(
            f"credit note {request.credit_note_id} has no items", credit_note_id=request.credit_note_id
        )
    registered_customer(states, request.customer_id)
    order = _order_credited(states, request)
    items = [_priced(states, item) for item in request.items]
    issued = CreditNoteIssued(
        credit_note_id=request.credit_note_id,
        customer_id=request.customer_id,
        order_id=request.order_id,
        items=items,
        reason=request.reason,
        total_cents=_allowed_total(request.credit_note_id, items),
        currency_code=one_currency(states, (item.sku for item in items), order.currency_code),
        region_code=request.region_code or order.region_code,
        issued_at=request.issued_at if request.HasField("issued_at") else now,
    )
    return [(stream, issued), *_goods_back(request.credit_note_id, items, now)]


def _order_credited(states: States, request: IssueCreditNoteRequest) -> Order:
    if not request.order_id:
        return Order()
    order = states[ORDER.stream(request.order_id)]
    # Money for one customer's order never goes to another, who is told as much as of an unknown order.
    if not order.exists or order.customer_id != request.customer_id:
        raise OrderNotFound(
            f"customer {request.customer_id} has no order {request.order_id}", order_id=request.order_id
        )
    return order


def _priced(states: States, item: CreditNoteItemRequest) -> CreditNoteItem:
    product = registered_product(states, item.sku)
    credited = item.unit_price_cents if item.HasField("unit_price_cents") else product.unit_price_cents
    return CreditNoteItem(
        sku=item.sku, quantity=item.quantity, unit_price_cents=credited, is_returned=item.is_returned
    )


def _allowed_total(credit_note_id: str, items: Sequence[CreditNoteItem]) -> int:
    total_cents = sum(item.quantity * item.unit_price_cents for item in items)
    if total_cents > MAX_TOTAL_CENTS:
        raise CreditNoteTooLarge(
            f"credit note {credit_note_id} would be {total_cents} cents, at most {MAX_TOTAL_CENTS} may be",
            credit_note_id=credit_note_id,
            total_cents=str(total_cents),
        )
    return total_cents


def _goods_back(
    credit_note_id: str, items: Sequence[CreditNoteItem], now: Timestamp
) -> Iterable[tuple[Stream[Product], StockReceived]]:
    returned: Counter[str] = Counter()
    for item in items:
        if item.is_returned:
            returned[item.sku] += item.quantity
    for sku, quantity in returned.items():
        event = StockReceived(sku=sku, quantity=quantity, credit_note_id=credit_note_id, received_at=now)
        yield PRODUCT.stream(sku), event


def evolve(_note: CreditNote, event: CreditNoteIssued) -> CreditNote:
    match event:
        case CreditNoteIssued():
            return CreditNote(is_issued=True)


CREDIT_NOTE = Decider(
    category="credit-note",
    initial=CreditNote(),
    evolve=evolve,
    events=(CreditNoteIssued,),
)
