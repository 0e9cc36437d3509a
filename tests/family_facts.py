"""One family's events as plain facts: its invoices, what was paid of them, how late."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from diptych.families.v1 import events_pb2 as events
from google.protobuf.message import Message

from tests.plain import plain

Document = dict[str, Any]
Happened = tuple[Message, datetime]
Event = TypeVar("Event", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a payment that went to an invoice."""

    invoice_id: str
    transaction_id: str
    cents: int
    days_late: int
    method: str


@dataclass(frozen=True, slots=True)
class Family:
    """All events of one family with the times at which they were recorded, oldest first."""

    happened: Sequence[Happened]

    def all(self, kind: type[Event]) -> list[Event]:
        return [event for event, _ in self.happened if isinstance(event, kind)]

    def last(self, kind: type[Event]) -> Event | None:
        found = self.all(kind)
        return found[-1] if found else None

    @property
    def enrolled(self) -> events.FamilyEnrolled:
        return self.all(events.FamilyEnrolled)[0]

    @property
    def withdrawn(self) -> events.FamilyWithdrawn | None:
        return self.last(events.FamilyWithdrawn)

    @property
    def parts(self) -> list[Part]:
        """What went to invoices, in the order in which it did."""
        return [part for event, _ in self.happened for part in _parts(event)]

    def cancelled_cents(self, invoice_id: str) -> int:
        found = self.withdrawn.cancellations if self.withdrawn else ()
        return sum(each.cancelled_cents for each in found if each.invoice_id == invoice_id)

    def invoices(self) -> list[Document]:
        """Each invoice with what was paid of it."""
        paid = defaultdict[str, list[Part]](list)
        for part in self.parts:
            paid[part.invoice_id].append(part)
        return [self._invoice(event, paid[event.invoice_id]) for event in self.all(events.TuitionInvoiced)]

    def _invoice(self, event: events.TuitionInvoiced, parts: Sequence[Part]) -> Document:
        cancelled = self.cancelled_cents(event.invoice_id)
        return {
            "invoice_id": event.invoice_id,
            "amount_cents": event.amount_cents - cancelled,
            "due_date": plain(event.due_date),
            "paid_cents": sum(part.cents for part in parts),
            "cancelled_cents": cancelled,
            "payments": [
                {
                    "transaction_id": part.transaction_id,
                    "amount_cents": part.cents,
                    "days_late": part.days_late,
                    "payment_method": part.method,
                }
                for part in parts
            ],
            "status": "UNSPECIFIED",
        }

    def money(self) -> dict[str, int]:
        """Cents invoiced, collected, outstanding, credited and paid."""
        invoices, payments = self.invoices(), self.all(events.PaymentReceived)
        invoiced = sum(each["amount_cents"] for each in invoices)
        collected = sum(each["paid_cents"] for each in invoices)
        received = sum(each.amount_cents for each in payments)
        return {
            "invoiced": invoiced,
            "collected": collected,
            "outstanding": invoiced - collected,
            "credit": received - collected,
            "received": received,
        }


def _parts(event: Message) -> list[Part]:
    if isinstance(event, events.TuitionInvoiced):
        return [
            Part(
                invoice_id=event.invoice_id,
                transaction_id=each.transaction_id,
                cents=each.amount_cents,
                days_late=0,
                method=each.payment_method,
            )
            for each in event.credits
        ]
    if isinstance(event, events.PaymentReceived):
        return [
            Part(
                invoice_id=each.invoice_id,
                transaction_id=event.transaction_id,
                cents=each.amount_cents,
                days_late=each.days_late,
                method=event.payment_method,
            )
            for each in event.allocations
        ]
    return []
