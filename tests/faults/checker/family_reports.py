"""What reports of families must say at a position, added up from the log by the plain sums of other tests."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from tests.faults.checker.log_dump import LogEvent
from tests.plain import plain
from tests.services.family_model import Families

Fields = dict[str, Any]

# They depend on the day, which is today where the request does not say.
_BY_THE_DAY = ("families_overdue", "families_due", "revenue_overdue_cents")
_TIER = ("risk_tier", "families", "average_engagement", "average_risk")
_ENROLLED = ("month", "risk_tier", "families", "average_engagement", "withdrawn_families")
# In the sums, and in no answer.
_NOT_SUMMED = ("families_billed",)


class FamilyReports:
    """The families as they are at a position, which only goes on."""

    def __init__(self, events: Sequence[LogEvent]) -> None:
        self._events = [event for event in events if event.category == "family"]
        self._taken = 0
        self._families = Families()

    def move_to(self, position: int) -> None:
        """Take the events up to and with that position."""
        while self._taken < len(self._events) and self._events[self._taken].position <= position:
            self._families.take(self._events[self._taken].message)
            self._taken += 1

    def pairs(self, method: str, request: Any, response: Any) -> list[tuple[Fields, Fields | None]]:
        """What a response says, and what it should say; nothing for methods that are no reports."""
        match method:
            case "GetFamiliesByRiskTier":
                return _rows(response.tiers, _TIER, self._families.tiers())
            case "GetEnrollmentReport":
                rows = [row for row in self._families.report() if _is_within(row[0], request, "from", "to")]
                return _rows(response.rows, _ENROLLED, rows)
            case "GetPaymentAnalytics":
                return self._payments(request, response)
        return []

    def _payments(self, request: Any, response: Any) -> list[tuple[Fields, Fields | None]]:
        has_day = request.HasField("on_date")
        on_date = date.fromisoformat(plain(request.on_date)) if has_day else datetime.now(UTC).date()
        left_out = {*_NOT_SUMMED, *(() if has_day else _BY_THE_DAY)}
        months = [
            {name: value for name, value in month.items() if name not in left_out}
            for month in self._families.payment_months(on_date)
            if _is_within(month["month"], request, "start_month", "end_month")
        ]
        said = [_payment_month(row, left_out) for row in response.months]
        return [({"months": said}, {"months": months})]


def _is_within(month: str, request: Any, first: str, last: str) -> bool:
    from_, to = (
        plain(getattr(request, name))[:7] if request.HasField(name) else "" for name in (first, last)
    )
    return (not from_ or month >= from_) and (not to or month <= to)


def _rows(
    said: Any, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> list[tuple[Fields, Fields | None]]:
    shown = [{name: value for name, value in plain(row).items() if name in names} for row in said]
    expected = [dict(zip(names, row, strict=True)) for row in rows]
    return [({"rows": shown}, {"rows": expected})]


def _payment_month(row: Any, left_out: set[str]) -> Fields:
    methods = row.payment_method_breakdown
    dropped = {*left_out, "payment_method_breakdown", "last_updated"}
    return {
        **{name: value for name, value in plain(row).items() if name not in dropped},
        "methods": [(-each.collected_cents, each.payment_method, each.payments) for each in methods],
    }
