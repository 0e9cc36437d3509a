"""Families by risk tier: those enrolled now, and all by the month in which they enrolled."""

from collections.abc import Sequence
from typing import Any

from diptych.families.v1.family_query_service_pb2 import GetEnrollmentReportRequest
from diptych.families.v1.scores_pb2 import RiskTier
from diptych.families.v1.views_pb2 import EnrollmentReportRow, RiskTierSummary

from read_service.dates import month_name, period_of
from read_service.sums import Sums
from read_service.tallies import ROWS_PER_READ, Columns
from read_store import TallyRow, TallyRows

# Critical first.
_TIERS = [
    (tier, name.removeprefix("RISK_TIER_"))
    for name, tier in sorted(RiskTier.items(), key=lambda e: -e[1])
    if tier
]


def families_by_tier() -> Sums:
    """Answer all four tiers, with or without families."""
    return Sums(operations=(TallyRow(tally="tiers", row="all"),), rows=_tier_rows)


def enrollment_report(request: GetEnrollmentReportRequest) -> Sums:
    """Answer the months asked for, oldest first; months and tiers without families are left out.

    There are no more months than one read takes.
    """
    first = month_name(getattr(request, "from")) if request.HasField("from") else None
    last = month_name(request.to) if request.HasField("to") else None
    months = TallyRows(tally="enrollment", first=first, last=last, limit=ROWS_PER_READ)
    return Sums(operations=(months,), rows=_report_rows)


def _tier_rows(results: Sequence[Any]) -> list[bytes]:
    columns: Columns = results[0]
    rows = []
    for tier, name in _TIERS:
        families = columns.get(f"families|{name}", 0)
        row = RiskTierSummary(
            risk_tier=tier,
            families=families,
            average_engagement=_mean(columns.get(f"engagement|{name}", 0), families),
            average_risk=_mean(columns.get(f"risk|{name}", 0), families),
        )
        rows.append(row.SerializeToString())
    return rows


def _report_rows(results: Sequence[Any]) -> list[bytes]:
    months: list[tuple[str, Columns]] = results[0]
    rows = []
    for month, columns in months:
        for tier, name in _TIERS:
            families = columns.get(f"families|{name}", 0)
            withdrawn_families = columns.get(f"withdrawn|{name}", 0)
            if families or withdrawn_families:
                row = EnrollmentReportRow(
                    month=period_of(month),
                    risk_tier=tier,
                    families=families,
                    average_engagement=_mean(columns.get(f"engagement|{name}", 0), families),
                    withdrawn_families=withdrawn_families,
                )
                rows.append(row.SerializeToString())
    return rows


def _mean(total: int, count: int) -> float:
    return total / count if count else 0.0
