"""Sums over the tuition accounts by csv and dates alone; shares no code with the importer it checks."""

import csv
import gzip
import io
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

MONTHS = range(4, 10)
METHODS = {0: "bank_transfer", 1: "card", 2: "check", 3: "cash"}


@dataclass
class Bill:
    """What an account owed for a month, and each part of a payment that went to it."""

    month: int
    owed: int
    # Days late and cents.
    parts: list[tuple[int, int]] = field(default_factory=list)

    @property
    def due(self) -> date:
        return date(2005, self.month, 15)

    @property
    def paid(self) -> int:
        return sum(cents for _, cents in self.parts)

    @property
    def open(self) -> int:
        return self.owed - self.paid


@dataclass
class AccountSums:
    """Where one account stands in the end."""

    method: str
    risk: int = 0
    bills: dict[int, Bill] = field(default_factory=dict)
    received: list[tuple[date, int]] = field(default_factory=list)
    # What is left of each payment, oldest first.
    surpluses: list[int] = field(default_factory=list)

    @property
    def open(self) -> int:
        return sum(bill.open for bill in self.bills.values())


@dataclass
class MonthSums:
    """A row of the analytics on a day."""

    active: int = 0
    on_time: int = 0
    late: int = 0
    overdue: int = 0
    due: int = 0
    collected: int = 0
    expected: int = 0
    outstanding: int = 0
    overdue_cents: int = 0
    average: float = 0
    median: float = 0
    methods: dict[str, tuple[int, int]] = field(default_factory=dict)
    received: int = 0


def sum_file(path: Path) -> dict[str, AccountSums]:
    """Every account by its family's id. The file must have no bad rows."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {"account-" + row["ID"].rjust(5, "0"): _account(row) for row in rows}


def _account(row: dict[str, str]) -> AccountSums:
    account = AccountSums(METHODS[int(row["ID"]) % 4])
    happened: list[tuple[date, int, int, int]] = []
    for month in MONTHS:
        bill, paid = (_cents(row[f"{what}_2005_{month:02}"]) for what in ("BILL", "PAID"))
        if bill > 0:
            happened.append((date(2005, month, 1), 0, month, bill))
        if paid > 0:
            happened.append((_received(month, int(row[f"PAY_2005_{month:02}"])), 1, month, paid))
    for day, is_payment, month, cents in sorted(happened):
        if is_payment:
            _pay(account, day, month, cents)
        else:
            account.bills[month] = Bill(month, cents)
            _use_surplus(account, account.bills[month])
    account.risk = {0: 0, 1: 40, 2: 70, 3: 85, 4: 90, 5: 94, 6: 97, 7: 99}.get(
        max(0, int(row["PAY_2005_09"])), 100
    )
    return account


def _cents(text: str) -> int:
    return int(Decimal(text) * 100)


def _received(month: int, status: int) -> date:
    month += max(0, status)
    return date(2005, month, 15) if month <= 12 else date(2006, month - 12, 15)


def _pay(account: AccountSums, day: date, month: int, cents: int) -> None:
    account.received.append((day, cents))
    named = [account.bills[month]] if month in account.bills else []
    # The bills of an account are due in the order of their months.
    for bill in named + [bill for number, bill in sorted(account.bills.items()) if number != month]:
        part = min(cents, bill.open)
        if part:
            bill.parts.append((max(0, (day - bill.due).days), part))
            cents -= part
    if cents:
        account.surpluses.append(cents)


def _use_surplus(account: AccountSums, bill: Bill) -> None:
    left = account.surpluses
    while left and bill.open:
        part = min(left[0], bill.open)
        bill.parts.append((0, part))
        left[0] -= part
        if not left[0]:
            left.pop(0)


def sum_months(accounts: Iterable[AccountSums], on: date) -> dict[str, MonthSums]:
    """The rows of the analytics on a day, by month."""
    accounts = list(accounts)
    months: dict[str, MonthSums] = {}
    for number in MONTHS:
        bills = [(account, account.bills[number]) for account in accounts if number in account.bills]
        if bills:
            months[f"2005-{number:02}"] = _month(bills, on)
    for account in accounts:
        for day, cents in account.received:
            months.setdefault(f"{day.year}-{day.month:02}", MonthSums()).received += cents
    for month in months.values():
        # Nobody leaves.
        month.active = len(accounts)
    return months


def _month(bills: list[tuple[AccountSums, Bill]], on: date) -> MonthSums:
    due = bills[0][1].due
    parts = [days for _, bill in bills for days, _ in bill.parts]
    paid = [bill for _, bill in bills if not bill.open]
    late = sum(any(days for days, _ in bill.parts) for bill in paid)
    unpaid, open_cents = len(bills) - len(paid), sum(bill.open for _, bill in bills)
    cents, counts = Counter[str](), Counter[str]()
    for account, bill in bills:
        cents[account.method] += bill.paid
        counts[account.method] += len(bill.parts)
    return MonthSums(
        on_time=len(paid) - late,
        late=late,
        overdue=unpaid if due < on else 0,
        due=0 if due < on else unpaid,
        collected=sum(bill.paid for _, bill in bills),
        expected=sum(bill.owed for _, bill in bills),
        outstanding=open_cents,
        overdue_cents=open_cents if due < on else 0,
        average=statistics.fmean(parts) if parts else 0,
        median=statistics.median(parts) if parts else 0,
        methods={method: (cents[method], counts[method]) for method in counts if counts[method]},
    )
