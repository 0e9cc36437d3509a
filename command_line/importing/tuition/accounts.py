"""Reads the accounts of the tuition files: one a row, and why a row can't be taken."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from command_line.importing.files import csv_rows

MONTHS = ("2005-04", "2005-05", "2005-06", "2005-07", "2005-08", "2005-09")
# The file has its months the other way round.
_NEWEST_FIRST = tuple(month.replace("-", "_") for month in reversed(MONTHS))
COLUMNS = (
    "ID",
    "LIMIT_BAL",
    *(f"PAY_{month}" for month in _NEWEST_FIRST),
    *(f"BILL_{month}" for month in _NEWEST_FIRST),
    *(f"PAID_{month}" for month in _NEWEST_FIRST),
    "DEFAULT_NEXT_MONTH",
)

_ID = re.compile(r"[0-9]{1,12}")
_MOST_MONTHS_LATE = 60
_MOST_CENTS = 10_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What was billed in a month, what was paid of it, and how late."""

    month: str
    # PAY_: -2 no bill, -1 paid in full, 0 the minimum paid, n = n months late.
    payment_status: int
    bill_cents: int
    paid_cents: int

    @property
    def months_late(self) -> int:
        """How many months late the payment is."""
        return max(self.payment_status, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A row that can be taken; `line` is its line in the file, the header being line 1."""

    line: int
    number: int
    months: tuple[Month, ...]

    @property
    def family_id(self) -> str:
        """The family that stands for the account."""
        return f"account-{self.number:05}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """A row that can't be taken, with the reason in UPPER_SNAKE."""

    line: int
    account: str
    reason: str


class _Unfit(Exception):
    """A value of the row can't be taken; its only argument is the reason."""


def read_accounts(path: Path) -> Iterator[Account | NotTaken]:
    """Stream the rows of one file, plain or gzip'd.

    Raises FileNotUnderstood when the columns are others, or the file is cut.
    """
    seen: set[int] = set()
    for line, values in csv_rows(path, COLUMNS):
        try:
            account = _account(line, values, seen)
        except _Unfit as unfit:
            yield NotTaken(line=line, account=values[0] if values else "", reason=str(unfit))
        else:
            seen.add(account.number)
            yield account


def _account(line: int, values: list[str], seen: set[int]) -> Account:
    if len(values) != len(COLUMNS):
        raise _Unfit("WRONG_NUMBER_OF_COLUMNS")
    row = dict(zip(COLUMNS, values, strict=True))
    if not _ID.fullmatch(row["ID"]):
        raise _Unfit("INVALID_ID")
    if int(row["ID"]) in seen:
        raise _Unfit("DUPLICATE_ID")
    return Account(line=line, number=int(row["ID"]), months=tuple(_month(row, month) for month in MONTHS))


def _month(row: dict[str, str], month: str) -> Month:
    name = month.replace("-", "_")
    return Month(
        month=month,
        payment_status=_payment_status(row[f"PAY_{name}"]),
        bill_cents=_cents(row[f"BILL_{name}"]),
        paid_cents=_cents(row[f"PAID_{name}"]),
    )


def _payment_status(text: str) -> int:
    cents = _cents(text)
    if cents % 100:
        raise _Unfit("INVALID_PAYMENT_STATUS")
    if not -2 <= cents // 100 <= _MOST_MONTHS_LATE:
        raise _Unfit("INVALID_PAYMENT_STATUS")
    return cents // 100


def _cents(text: str) -> int:
    # Some amounts are written as spreadsheets do: 1.00E+05.
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise _Unfit("NOT_A_NUMBER") from error
    if not amount.is_finite():
        raise _Unfit("NOT_A_NUMBER")
    # By exponent before it is multiplied: a number such as 1E+999999999 can't be.
    if not amount:
        return 0
    if amount.adjusted() < -2:
        raise _Unfit("AMOUNT_NOT_IN_WHOLE_CENTS")
    if amount.adjusted() > 12 or abs(amount) > _MOST_CENTS // 100:
        raise _Unfit("AMOUNT_TOO_LARGE")
    cents = amount * 100
    if cents != cents.to_integral_value():
        raise _Unfit("AMOUNT_NOT_IN_WHOLE_CENTS")
    return int(cents)
