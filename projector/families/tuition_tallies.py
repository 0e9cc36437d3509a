"""What one account adds to the months in which its invoices are due: what was paid of them, and how late."""

from functools import lru_cache
from typing import NamedTuple

from diptych.families.v1.views_pb2 import TuitionAccount, TuitionInvoice
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from projector.dates import day_text, month_text
from projector.projection import Tally

Key = tuple[str, str, str]

TALLY = "tuition"
# Accounts share most keys; made anew for each, they would cost more time and memory than all the rest.
_KNOWN_KEYS = 65_536


class _Due(NamedTuple):
    """The month and the day on which an invoice is due, and where it counts."""

    row: str
    day: str
    expected: Key
    collected: Key
    open: Key
    unpaid: Key
    late: Key
    on_time: Key


def tuition_tallies(view: TuitionAccount) -> list[Tally]:
    """Answer what the account adds to each month, given as 2011-06.

    Columns are <what>|<currency> and <what>|<currency>|<a day, a number of days, or a payment method>.
    """
    found: list[Tally] = []
    standings: dict[str, tuple[str, Key]] = {}
    currency = view.currency_code
    for invoice in view.invoices:
        # Cancelled before anything was paid, it is as if it had never been.
        if invoice.amount_cents:
            date = invoice.due_date
            due = _due(currency, date.year, date.month, date.day)
            _add_amounts(found, invoice, due, currency)
            standing = _standing(invoice, due)
            standings[due.row] = min(standings.get(due.row, standing), standing)
    found += [(key, 1) for _, key in standings.values()]
    for payment in view.payments:
        date = payment.received_date
        found.append((_received(currency, date.year, date.month), payment.amount_cents))
    return found


def _add_amounts(found: list[Tally], invoice: TuitionInvoice, due: _Due, currency: str) -> None:
    cents, paid = invoice.amount_cents, invoice.paid_cents
    found.append((due.expected, cents))
    if paid < cents:
        found.append((due.open, cents - paid))
    if not paid:
        return
    found.append((due.collected, paid))
    for payment in invoice.payments:
        days_late, method, count = _paid(due.row, currency, payment.days_late, payment.payment_method)
        found += ((days_late, 1), (method, payment.amount_cents), (count, 1))


def _standing(invoice: TuitionInvoice, due: _Due) -> tuple[str, Key]:
    """How the family stands with the invoice; the worse, the smaller, and an earlier day is worse."""
    if invoice.paid_cents < invoice.amount_cents:
        return due.day, due.unpaid
    if any(payment.days_late for payment in invoice.payments):
        return "late", due.late
    return "on time", due.on_time


@lru_cache(maxsize=_KNOWN_KEYS)
def _due(currency: str, year: int, month: int, day_number: int) -> _Due:
    date = Date(year=year, month=month, day=day_number)
    row, day = month_text(date), day_text(date)
    return _Due(
        row=row,
        day=day,
        expected=(TALLY, row, f"expected|{currency}"),
        collected=(TALLY, row, f"collected|{currency}"),
        open=(TALLY, row, f"open|{currency}|{day}"),
        unpaid=(TALLY, row, f"unpaid|{currency}|{day}"),
        late=(TALLY, row, f"late|{currency}"),
        on_time=(TALLY, row, f"on_time|{currency}"),
    )


@lru_cache(maxsize=_KNOWN_KEYS)
def _paid(row: str, currency: str, days_late: int, method: str) -> tuple[Key, Key, Key]:
    return (
        (TALLY, row, f"days_late|{currency}|{days_late}"),
        (TALLY, row, f"method|{currency}|{method}"),
        (TALLY, row, f"method_payments|{currency}|{method}"),
    )


@lru_cache(maxsize=_KNOWN_KEYS)
def _received(currency: str, year: int, month: int) -> Key:
    return TALLY, month_text(Date(year=year, month=month)), f"received|{currency}"
