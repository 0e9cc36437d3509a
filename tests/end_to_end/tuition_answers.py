"""Asks the read service for everything that the sums over tuition accounts know and names each difference."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken
from diptych.families.v1 import family_query_service_pb2 as queries
from diptych.families.v1 import family_query_service_pb2_grpc as stubs
from diptych.families.v1 import scores_pb2 as scores
from diptych.families.v1 import views_pb2 as views
from google.protobuf.duration_pb2 import Duration
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from tests.end_to_end.tuition_sums import AccountSums, MonthSums, sum_months

# While the last bills are not due yet, and long after.
DAYS = (date(2005, 9, 15), date(2005, 9, 16), date(2006, 12, 31))
_TIERS = (("CRITICAL", 85, 100), ("HIGH", 70, 84), ("MEDIUM", 40, 69), ("LOW", 0, 39))

Accounts = dict[str, AccountSums]


def differences(read_address: str, token: ConsistencyToken, accounts: Accounts) -> list[str]:
    """Every number in which the read service's answers and the sums differ; empty when all are equal.

    The read service must hold the imported file and nothing else.
    """
    fresh = Consistency(at_least_as_fresh=token, max_wait=Duration(seconds=60))
    with grpc.insecure_channel(read_address) as channel:
        stub = stubs.FamilyQueryServiceStub(channel)
        return [
            *(line for day in DAYS for line in _in_months(stub, fresh, accounts, day)),
            *_in_families(stub, fresh, accounts),
            *_in_tiers(stub, fresh, accounts),
            *_in_enrollments(stub, fresh, accounts),
            *(line for floor in (0, 70, 71, 90) for line in _at_risk(stub, fresh, accounts, floor)),
            *_in_accounts(stub, fresh, accounts),
        ]


def _in_months(
    stub: stubs.FamilyQueryServiceStub, fresh: Consistency, accounts: Accounts, on: date
) -> Iterator[str]:
    day = Date(year=on.year, month=on.month, day=on.day)
    months = stub.GetPaymentAnalytics(
        queries.GetPaymentAnalyticsRequest(consistency=fresh, on_date=day)
    ).months
    names = [f"{month.month.year}-{month.month.month:02}" for month in months]
    if names != sorted(set(names), reverse=True):
        yield f"months are {names}"
    for month in months:
        if month.revenue_expected_cents != month.revenue_collected_cents + month.revenue_outstanding_cents:
            yield f"month {month.month}: expected is not collected and outstanding"
    found = dict(zip(names, map(_month, months), strict=True))
    yield from _compare(f"on {on} month", found, sum_months(accounts.values(), on))


def _month(month: views.PaymentMonth) -> MonthSums:
    assert month.currency_code == "TWD"
    return MonthSums(
        active=month.families_active,
        on_time=month.families_paid_on_time,
        late=month.families_paid_late,
        overdue=month.families_overdue,
        due=month.families_due,
        collected=month.revenue_collected_cents,
        expected=month.revenue_expected_cents,
        outstanding=month.revenue_outstanding_cents,
        overdue_cents=month.revenue_overdue_cents,
        average=month.avg_payment_days_late,
        median=month.median_payment_days_late,
        methods={
            each.payment_method: (each.collected_cents, each.payments)
            for each in month.payment_method_breakdown
        },
        received=month.received_cents,
    )


def _in_families(stub: stubs.FamilyQueryServiceStub, fresh: Consistency, accounts: Accounts) -> Iterator[str]:
    found = {}
    for page in stub.ListFamilies(queries.ListFamiliesRequest(consistency=fresh, page_size=500)):
        for row in page.families:
            found[row.family_id] = (row.risk_score, row.total_paid_cents, row.outstanding_cents)
    expected = {
        family_id: (account.risk, sum(cents for _, cents in account.received), account.open)
        for family_id, account in accounts.items()
    }
    yield from _compare("family", found, expected)


def _in_tiers(stub: stubs.FamilyQueryServiceStub, fresh: Consistency, accounts: Accounts) -> Iterator[str]:
    answer = stub.GetFamiliesByRiskTier(queries.GetFamiliesByRiskTierRequest(consistency=fresh))
    found = [
        (_tier(tier.risk_tier), tier.families, tier.average_risk, tier.average_engagement)
        for tier in answer.tiers
    ]
    expected = []
    for name, lowest, highest in _TIERS:
        risks = [each.risk for each in accounts.values() if lowest <= each.risk <= highest]
        expected.append((name, len(risks), sum(risks) / len(risks) if risks else 0.0, 0.0))
    if found != expected:
        yield f"tiers: expected {expected}, found {found}"


def _in_enrollments(
    stub: stubs.FamilyQueryServiceStub, fresh: Consistency, accounts: Accounts
) -> Iterator[str]:
    rows = stub.GetEnrollmentReport(queries.GetEnrollmentReportRequest(consistency=fresh)).rows
    found = {_tier(row.risk_tier): (row.month.year, row.month.month, row.families) for row in rows}
    expected = {}
    for name, lowest, highest in _TIERS:
        if count := sum(lowest <= each.risk <= highest for each in accounts.values()):
            expected[name] = (2005, 4, count)
    yield from _compare("enrolled", found, expected)


def _at_risk(
    stub: stubs.FamilyQueryServiceStub, fresh: Consistency, accounts: Accounts, floor: int
) -> Iterator[str]:
    request = queries.ListAtRiskFamiliesRequest(consistency=fresh, min_risk_score=floor, page_size=500)
    rows = [row for page in stub.ListAtRiskFamilies(request) for row in page.families]
    found = [row.risk_score for row in rows]
    if found != sorted(found, reverse=True) or len(rows) != len({row.family_id for row in rows}):
        yield f"at risk from {floor}: not by score, or a family twice"
    expected = {family_id: each.risk for family_id, each in accounts.items() if each.risk >= floor}
    yield from _compare(f"at risk from {floor}", {row.family_id: row.risk_score for row in rows}, expected)


def _in_accounts(stub: stubs.FamilyQueryServiceStub, fresh: Consistency, accounts: Accounts) -> Iterator[str]:
    """Invoice by invoice, at most 200 accounts spread over all."""
    for family_id in list(accounts)[:: max(1, len(accounts) // 200)]:
        request = queries.GetTuitionAccountRequest(consistency=fresh, family_id=family_id)
        answer, account = stub.GetTuitionAccount(request).account, accounts[family_id]
        found = {
            invoice.invoice_id: (
                invoice.amount_cents,
                [(p.days_late, p.amount_cents) for p in invoice.payments],
            )
            for invoice in answer.invoices
        }
        expected = {f"2005-{bill.month:02}": (bill.owed, bill.parts) for bill in account.bills.values()}
        yield from _compare(f"{family_id} invoice", found, expected)
        yield from _compare(family_id, {"credit": answer.credit_cents}, {"credit": sum(account.surpluses)})


def _tier(tier: "scores.RiskTier.ValueType") -> str:
    return scores.RiskTier.Name(tier).removeprefix("RISK_TIER_")


def _compare(what: str, found: dict[Any, Any], expected: dict[Any, Any]) -> Iterator[str]:
    in_order: Callable[[Any], str] = str
    for key in sorted(found.keys() | expected.keys(), key=in_order):
        if found.get(key) != expected.get(key):
            yield f"{what} {key}: expected {expected.get(key)}, found {found.get(key)}"
