"""A credit note, and from it what is given back: to each customer, by day, month and country."""

from collections.abc import Iterable

from diptych.orders.v1.events_pb2 import CreditNoteIssued
from diptych.orders.v1.views_pb2 import CreditNote
from google.protobuf.message import Message

from projector.orders.sales import sales_tallies
from projector.projection import ReadModel, Tally


def evolve(view: CreditNote, event: Message) -> CreditNote:
    match event:
        case CreditNoteIssued():
            view.credit_note_id = event.credit_note_id
            view.customer_id = event.customer_id
            view.order_id = event.order_id
            view.items.extend(event.items)
            view.reason = event.reason
            view.total_cents = event.total_cents
            view.currency_code = event.currency_code
            view.region_code = event.region_code
            view.issued_at.CopyFrom(event.issued_at)
        case _:
            return view
    return view


def tallies(view: CreditNote) -> Iterable[Tally]:
    amounts = {"credit_notes": 1, "credit": view.total_cents}
    yield from sales_tallies(view.issued_at, view.region_code, view.currency_code, amounts)
    yield ("customer_totals", view.customer_id, f"credit|{view.currency_code}"), view.total_cents


CREDIT_NOTE = ReadModel(
    name="credit_note", category="credit-note", view=CreditNote, evolve=evolve, tallies=tallies
)
