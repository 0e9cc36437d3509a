"""Histories of one family, for specifications of its commands."""

from datetime import date
from typing import Any, ClassVar

from diptych.families.v1 import events_pb2 as events
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from tests.specs.deciding import NOW, History, refused
from write_service.families.family import Family
from write_service.families.service import COMMANDS, DECIDERS

__all__ = [
    "ENROLLED",
    "NOW",
    "STREAM",
    "TODAY",
    "Given",
    "credit",
    "day",
    "invoiced",
    "paid",
    "refused",
    "withdrawn",
]

STREAM = "family-lee"
# NOW in UTC.
TODAY = "2023-11-14"


class Given(History):
    """A history of the family `lee`."""

    commands = COMMANDS
    deciders = DECIDERS
    id_fields: ClassVar = {"family": "family_id"}

    @property
    def family(self) -> Family:
        """What the rules remember of it."""
        family: Family = self.states[STREAM]
        return family


def day(text: str) -> Date:
    """2024-03-15 as a message."""
    parsed = date.fromisoformat(text)
    return Date(year=parsed.year, month=parsed.month, day=parsed.day)


ENROLLED = events.FamilyEnrolled(
    family_id="lee",
    family_name="Lee",
    enrollment_date=day("2023-09-01"),
    currency_code="EUR",
    enrolled_at=NOW,
)


def invoiced(
    invoice_id: str, cents: int, due: str, *used: events.CreditApplication
) -> events.TuitionInvoiced:
    """An invoice, with the surpluses that paid of it at once."""
    return events.TuitionInvoiced(
        family_id="lee",
        invoice_id=invoice_id,
        amount_cents=cents,
        currency_code="EUR",
        due_date=day(due),
        credits=used,
        invoiced_at=NOW,
    )


def credit(transaction_id: str, cents: int, method: str = "card") -> events.CreditApplication:
    """What goes to an invoice from an earlier payment."""
    return events.CreditApplication(transaction_id=transaction_id, payment_method=method, amount_cents=cents)


def paid(
    transaction_id: str,
    cents: int,
    *shares: tuple[str, int, int],
    received: str = "2023-10-01",
    method: str = "card",
    invoice_id: str = "",
) -> events.PaymentReceived:
    """A payment; a share is the invoice, the cents that go to it, and how many days late they are."""
    allocations = [
        events.PaymentAllocation(invoice_id=each, amount_cents=share, days_late=late)
        for each, share, late in shares
    ]
    return events.PaymentReceived(
        family_id="lee",
        transaction_id=transaction_id,
        amount_cents=cents,
        currency_code="EUR",
        received_date=day(received),
        payment_method=method,
        invoice_id=invoice_id,
        allocations=allocations,
        credit_cents=cents - sum(share for _, share, _ in shares),
        recorded_at=NOW,
    )


def withdrawn(last_day: str, **cancelled_cents: int) -> events.FamilyWithdrawn:
    """The family's withdrawal, with what was cancelled of which invoices."""
    cancellations: list[Any] = [
        events.InvoiceCancellation(invoice_id=invoice_id, cancelled_cents=cents)
        for invoice_id, cents in cancelled_cents.items()
    ]
    return events.FamilyWithdrawn(
        family_id="lee", date=day(last_day), reason="moved", cancellations=cancellations, withdrawn_at=NOW
    )
