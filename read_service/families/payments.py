"""Invoices and payments by the month in which the invoices were due, and by currency."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from diptych.families.v1.family_query_service_pb2 import (
    GetPaymentAnalyticsRequest,
    WatchPaymentAnalyticsRequest,
)
from diptych.families.v1.views_pb2 import PaymentMethodAmount, PaymentMonth
from google.protobuf.timestamp_pb2 import Timestamp

from read_service import encoding
from read_service.dates import month_name, period_of
from read_service.freshness import Answer
from read_service.sums import Sums
from read_service.tallies import ROWS_PER_READ, Columns
from read_store import TallyRows

Months = list[tuple[str, Columns]]


def payment_months(
    request: GetPaymentAnalyticsRequest | WatchPaymentAnalyticsRequest, on_date: Callable[[], date]
) -> Sums:
    """Answer the months asked for, newest first, then by currency; there are no more than one read takes."""
    first = month_name(request.start_month) if request.HasField("start_month") else None
    last = month_name(request.end_month) if request.HasField("end_month") else None
    return Sums(
        operations=(
            TallyRows(tally="tuition", first=first, last=last, limit=ROWS_PER_READ),
            # Families active in a month enrolled in it or in any before.
            TallyRows(tally="active", last=last, limit=ROWS_PER_READ),
        ),
        rows=lambda results: _rows(results, f"{on_date():%Y-%m-%d}"),
        stamp=_last_updated,
    )


def _last_updated(answer: Answer) -> bytes:
    if answer.checkpoint.as_of is None:
        return b""
    as_of = Timestamp()
    as_of.FromDatetime(answer.checkpoint.as_of)
    return encoding.field(PaymentMonth.LAST_UPDATED_FIELD_NUMBER, as_of.SerializeToString())


def _rows(results: Sequence[Any], on_date: str) -> list[bytes]:
    months: Months = results[0]
    active, rows = _Active(results[1]), []
    for name, columns in months:
        active.go_to(name)
        by_currency = _by_currency(columns)
        # Turned round below, so the last currency comes first here.
        for currency_code in sorted(by_currency, reverse=True):
            row = by_currency[currency_code].month(on_date)
            row.month.CopyFrom(period_of(name))
            row.currency_code = currency_code
            row.families_active = active.families.get(currency_code, 0)
            rows.append(row.SerializeToString())
    return rows[::-1]


def _by_currency(columns: Columns) -> dict[str, "_Month"]:
    months: dict[str, _Month] = {}
    for column, amount in columns.items():
        # A payment method is free text, so it comes last and keeps its bars.
        kind, currency_code, *rest = column.split("|", 2)
        month = months.get(currency_code)
        if month is None:
            month = months[currency_code] = _Month()
        if rest:
            month.parts.setdefault(kind, {})[rest[0]] = amount
        else:
            month.amounts[kind] = amount
    return months


@dataclass(slots=True)
class _Month:
    """A month's tally in one currency: amounts by kind, and those by day, method or days late by kind."""

    amounts: dict[str, int] = field(default_factory=dict)
    parts: dict[str, Columns] = field(default_factory=dict)

    def month(self, on_date: str) -> PaymentMonth:
        amounts = self.amounts
        unpaid, open_cents = self.parts.get("unpaid", {}), self.parts.get("open", {})
        days_late = {int(days): count for days, count in self.parts.get("days_late", {}).items()}
        families_overdue = _overdue(unpaid, on_date)
        return PaymentMonth(
            families_paid_on_time=amounts.get("on_time", 0),
            families_paid_late=amounts.get("late", 0),
            families_overdue=families_overdue,
            families_due=sum(unpaid.values()) - families_overdue,
            revenue_collected_cents=amounts.get("collected", 0),
            revenue_expected_cents=amounts.get("expected", 0),
            revenue_outstanding_cents=sum(open_cents.values()),
            revenue_overdue_cents=_overdue(open_cents, on_date),
            avg_payment_days_late=mean_of(days_late),
            median_payment_days_late=median_of(days_late),
            payment_method_breakdown=self._breakdown(),
            received_cents=amounts.get("received", 0),
        )

    def _breakdown(self) -> list[PaymentMethodAmount]:
        cents, payments = self.parts.get("method", {}), self.parts.get("method_payments", {})
        return [
            PaymentMethodAmount(
                payment_method=method, collected_cents=amount, payments=payments.get(method, 0)
            )
            for method, amount in sorted(cents.items(), key=lambda each: (-each[1], each[0]))
        ]


def _overdue(by_due_date: Columns, on_date: str) -> int:
    return sum(amount for due_date, amount in by_due_date.items() if due_date < on_date)


def mean_of(counts: dict[int, int]) -> float:
    """Answer the mean of numbers given as number -> how often; 0 for none."""
    count = sum(counts.values())
    return sum(number * times for number, times in counts.items()) / count if count else 0.0


def median_of(counts: dict[int, int]) -> float:
    """Answer the median of numbers given as number -> how often; 0 for none."""
    count, seen, lower = sum(counts.values()), 0, None
    for number in sorted(counts):
        seen += counts[number]
        if lower is None and 2 * seen >= count:
            lower = number
        if 2 * seen > count:
            return (number + lower) / 2 if lower is not None else 0.0
    return 0.0


class _Active:
    """The families enrolled on at least one day of a month, by currency, for months in rising order."""

    def __init__(self, months: Months) -> None:
        self.families: Columns = {}
        self._months = months
        self._next_entry = self._next_exit = 0

    def go_to(self, month: str) -> None:
        """Count those in who enrolled up to this month, and those out who withdrew before it."""
        while self._next_entry < len(self._months) and self._months[self._next_entry][0] <= month:
            self._count(self._months[self._next_entry][1], "enrolled", 1)
            self._next_entry += 1
        while self._next_exit < len(self._months) and self._months[self._next_exit][0] < month:
            self._count(self._months[self._next_exit][1], "withdrawn", -1)
            self._next_exit += 1

    def _count(self, columns: Columns, wanted: str, sign: int) -> None:
        for column, amount in columns.items():
            kind, _, currency_code = column.partition("|")
            if kind == wanted:
                self.families[currency_code] = self.families.get(currency_code, 0) + sign * amount
