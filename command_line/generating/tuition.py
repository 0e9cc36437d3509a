"""Invoices and payments of a family over the months."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from command_line.generating.behaviour import Behaviour, Payment, payment
from command_line.importing.family_script import FamilyScript
from command_line.importing.planned import Command

DUE_DAY = 15
METHODS = ("card", "bank_transfer", "check", "cash")
_METHOD_WEIGHTS = (48, 35, 11, 6)
# A month's tuition in cents: the first child, and each further one.
_FIRST_CHILD = (19_500, 24_000, 29_500, 36_000, 42_500)
_FURTHER_CHILD = 14_500


@dataclass(slots=True)
class Tuition:
    """What a family was billed and paid, as far as its scores need it."""

    steps: list[tuple[date, Command]] = field(default_factory=list)
    late: int = 0
    unpaid: int = 0


def months_before(until: date, count: int) -> list[date]:
    """The first days of so many months, the month of `until` being the last."""
    last = until.year * 12 + until.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - count + 1, last + 1)]


def tuition(
    random: Random, script: FamilyScript, of: Behaviour, *, children: int, months: Sequence[date], until: date
) -> Tuition:
    """Bill each month on its first day; payments up to `until` only."""
    amount_cents = random.choice(_FIRST_CHILD) + _FURTHER_CHILD * max(0, children - 1)
    method = random.choices(METHODS, _METHOD_WEIGHTS)[0]
    found = Tuition()
    for first in months:
        due = first.replace(day=DUE_DAY)
        name = f"{first.year}-{first.month:02}"
        found.steps.append((first, script.invoice(name, amount_cents, due)))
        paid = 0
        for received, cents in _payments(random, payment(random, of), amount_cents, due):
            if received > until:
                continue
            paid += cents
            found.late += received > due
            number = len(found.steps)
            transaction_id, named = f"t{number}-{name}", name if number % 2 else ""
            command = script.payment(transaction_id, cents, received, payment_method=method, invoice_id=named)
            found.steps.append((received, command))
        found.unpaid += paid < amount_cents and due <= until
    return found


def _payments(random: Random, what: Payment, amount_cents: int, due: date) -> Iterator[tuple[date, int]]:
    """When and how much the family pays of one invoice."""
    on_time = due - timedelta(days=random.randrange(12))
    late = due + timedelta(days=random.randrange(1, 36))
    match what:
        case Payment.ON_TIME:
            yield on_time, amount_cents
        case Payment.LATE:
            yield late, amount_cents
        case Payment.PART:
            part = amount_cents * random.randrange(30, 80) // 100
            yield on_time, part
            if random.random() < 0.5:
                yield late, amount_cents - part
        case Payment.OVER:
            yield on_time, amount_cents * random.choice((110, 125, 150, 200)) // 100
        case Payment.NONE:
            return
