"""A tuition account as a test's own sums see it: lists, loops, and nothing kept that can be added up."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(slots=True, kw_only=True)
class PlainInvoice:
    """An invoice and what became of its amount."""

    invoice_id: str
    due: date
    cents: int
    paid: int = 0
    cancelled: int = 0

    @property
    def open(self) -> int:
        return self.cents - self.paid - self.cancelled


@dataclass(slots=True, kw_only=True)
class PlainPayment:
    """A payment and what of it went to invoices."""

    transaction_id: str
    cents: int
    used: int = 0


@dataclass(slots=True)
class PlainAccount:
    """All invoices and payments, as they came."""

    invoices: list[PlainInvoice] = field(default_factory=list)
    payments: list[PlainPayment] = field(default_factory=list)

    @property
    def outstanding(self) -> int:
        return sum(invoice.open for invoice in self.invoices)

    @property
    def credit(self) -> int:
        return sum(payment.cents - payment.used for payment in self.payments)

    def has(self, invoice_id: str) -> bool:
        return any(invoice.invoice_id == invoice_id for invoice in self.invoices)

    def issue(self, invoice_id: str, cents: int, due: date) -> list[tuple[str, int]]:
        """Which payments' surplus goes to a new invoice."""
        invoice = PlainInvoice(invoice_id=invoice_id, due=due, cents=cents)
        self.invoices.append(invoice)
        return [
            (payment.transaction_id, share)
            for payment in self.payments
            if (share := _move(payment, invoice)) > 0
        ]

    def pay(self, transaction_id: str, cents: int, received: date, named: str) -> list[tuple[str, int, int]]:
        """Which invoices a payment goes to, and how late."""
        payment = PlainPayment(transaction_id=transaction_id, cents=cents)
        self.payments.append(payment)
        # Sorting keeps the order of issue where the rest is equal.
        turn = sorted(self.invoices, key=lambda invoice: (invoice.invoice_id != named, invoice.due))
        return [
            (invoice.invoice_id, share, max(0, (received - invoice.due).days))
            for invoice in turn
            if (share := _move(payment, invoice)) > 0
        ]

    def withdraw(self, last_day: date) -> dict[str, int]:
        """What of which invoices is not owed any more."""
        gone = {each.invoice_id: each.open for each in self.invoices if each.due > last_day and each.open}
        for invoice in self.invoices:
            invoice.cancelled += gone.get(invoice.invoice_id, 0)
        return gone


def _move(payment: PlainPayment, invoice: PlainInvoice) -> int:
    share = min(payment.cents - payment.used, invoice.open)
    payment.used += share
    invoice.paid += share
    return share
