"""What happened on an account, day by day, and which of its entries stand for nothing."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from command_line.importing.kinds import FamilyKind
from command_line.importing.tuition.accounts import Account, Month

DUE_DAY = 15
# The risk score at the end of a month, by months late in it; more months than the table has are its last.
RISK_SCORES = (0, 40, 70, 85, 90, 94, 97, 99, 100)

_OF_ONE_DAY = (FamilyKind.ENROLL, FamilyKind.INVOICE, FamilyKind.PAYMENT, FamilyKind.RISK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened; the amount is the invoice's or the payment's, or the risk score."""

    on: date
    kind: FamilyKind
    month: str
    amount: int
    months_late: int = 0


def schedule(account: Account) -> list[Step]:
    """The steps by day; on one day invoices come before payments, and both by month."""
    steps = [*_invoices(account), *_payments(account), *_risks(account)]
    steps.sort(key=lambda step: (step.on, _OF_ONE_DAY.index(step.kind), step.month))
    return [enrollment(account), *steps]


def enrollment(account: Account) -> Step:
    """An account exists from the first day of its first month."""
    month = account.months[0].month
    return Step(on=first_day(month), kind=FamilyKind.ENROLL, month=month, amount=0)


def entries_without_step(account: Account) -> Iterator[tuple[str, str]]:
    """The columns that stand for nothing that happened, each with its reason."""
    for month in account.months:
        name = month.month.replace("-", "_")
        if month.bill_cents <= 0:
            yield f"BILL_{name}", "CREDIT_BALANCE" if month.bill_cents else "NO_BILL"
        if month.paid_cents <= 0:
            yield f"PAID_{name}", "NEGATIVE_PAYMENT" if month.paid_cents else "NOTHING_PAID"


def due_date(month: str) -> date:
    """The last day on which the month's invoice is paid on time."""
    return first_day(month).replace(day=DUE_DAY)


def first_day(month: str) -> date:
    """The day on which the month's invoice is issued."""
    return date.fromisoformat(f"{month}-01")


def _invoices(account: Account) -> Iterator[Step]:
    for month in account.months:
        if month.bill_cents > 0:
            yield Step(
                on=first_day(month.month),
                kind=FamilyKind.INVOICE,
                month=month.month,
                amount=month.bill_cents,
            )


def _payments(account: Account) -> Iterator[Step]:
    for month in account.months:
        if month.paid_cents > 0:
            on = _months_later(due_date(month.month), month.months_late)
            yield Step(on=on, kind=FamilyKind.PAYMENT, month=month.month, amount=month.paid_cents)


def _risks(account: Account) -> Iterator[Step]:
    known = 0
    for month in account.months:
        score = _risk_score(month)
        if score != known:
            known = score
            yield Step(
                on=_last_day(month.month),
                kind=FamilyKind.RISK,
                month=month.month,
                amount=score,
                months_late=month.months_late,
            )


def _risk_score(month: Month) -> int:
    return RISK_SCORES[min(month.months_late, len(RISK_SCORES) - 1)]


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


def _last_day(month: str) -> date:
    first = first_day(month)
    return first.replace(day=monthrange(first.year, first.month)[1])
