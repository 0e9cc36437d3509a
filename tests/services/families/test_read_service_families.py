"""Every query of families against plain sums over the same events."""

import itertools
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from diptych.families.v1 import family_query_service_pb2 as queries
from diptych.families.v1 import scores_pb2 as scores
from diptych.families.v1 import views_pb2 as views
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from tests import family_events as say
from tests.family_histories import History
from tests.services.family_model import Families
from tests.services.family_read_models import family_ids, family_models, family_service
from tests.services.kit_service import refusal_of
from tests.valkey_server import TestValkey

# Days at which months, years and February end, and one before and after all that happens.
DAYS = [
    date.fromisoformat(text)
    for text in (
        *("2000-01-01", "2023-12-31", "2024-01-01", "2024-02-28", "2024-02-29", "2024-03-01"),
        *("2024-03-31", "2024-04-01", "2025-02-28", "2025-03-01", "2199-12-31"),
    )
]


@dataclass(frozen=True, slots=True)
class Filled:
    """A read service over families with a few thousand events, and the same families as plain data."""

    stub: Any
    families: Families


@pytest.fixture(scope="module")
async def filled(valkey: TestValkey) -> AsyncIterator[Filled]:
    history, families = History(random.Random(7), most_families=90), Families()  # noqa: S311 - a test's dice
    async with family_models(valkey) as models, family_service(valkey) as stub:
        models.append(*families.take(*history.tuition(2000)))
        models.append(*families.take(*history.steps(900)))
        await models.catch_up(limit=300)
        yield Filled(stub, families)


@pytest.mark.parametrize("order_by", queries.FamilyOrderBy.values())
@pytest.mark.parametrize("is_reversed", [False, True])
async def test_every_order_and_combination_of_filters_lists_what_meets_them(
    filled: Filled, order_by: Any, is_reversed: bool
) -> None:
    found = 0
    for status, tier in itertools.product(views.FamilyStatus.values(), scores.RiskTier.values()):
        request = queries.ListFamiliesRequest(
            status=status, risk_tier=tier, order_by=order_by, is_reversed=is_reversed, page_size=7
        )
        expected = filled.families.listed(request)
        assert await family_ids(filled.stub, request) == expected, request
        found += len(expected)
    # Each family is in four of the combinations.
    assert found == 4 * len(filled.families.by_id)


@pytest.mark.parametrize("least", [None, 0, 1, 39, 40, 41, 69, 70, 71, 84, 85, 86, 100])
async def test_families_at_risk_come_by_priority_and_score(filled: Filled, least: int | None) -> None:
    request = queries.ListAtRiskFamiliesRequest(min_risk_score=least, page_size=5)
    expected = filled.families.at_risk(70 if least is None else least)
    assert await family_ids(filled.stub, request) == expected
    assert expected


@pytest.mark.parametrize("on_date", DAYS)
async def test_days_are_counted_to_the_day_asked_for(filled: Filled, on_date: date) -> None:
    day = say.day(on_date)
    request = queries.ListAtRiskFamiliesRequest(min_risk_score=0, on_date=day, page_size=500)
    [page] = [page async for page in filled.stub.ListAtRiskFamilies(request)]
    at_risk = {row.family_id: row for row in page.families}
    for family in filled.families.by_id.values():
        asked = queries.GetFamilyRequest(family_id=family.family_id, on_date=day)
        answer = (await filled.stub.GetFamily(asked)).family
        assert [child.age for child in answer.children] == [
            _age(born, on_date) for _, born in family.children
        ]
        oldest = answer.oldest_child_age if answer.HasField("oldest_child_age") else None
        assert oldest == max((_age(born, on_date) for _, born in family.children), default=None)
        invoices = family.invoices.values()
        assert answer.overdue_cents == sum(invoice.overdue(on_date) for invoice in invoices)
        assert answer.outstanding_cents == sum(invoice.unpaid for invoice in invoices)
        assert answer.version == family.version
        for row in (answer, *([at_risk[family.family_id]] if family.family_id in at_risk else [])):
            since = row.days_since_contact if row.HasField("days_since_contact") else None
            until = (
                row.days_until_predicted_withdrawal
                if row.HasField("days_until_predicted_withdrawal")
                else None
            )
            assert since == ((on_date - max(family.contacts)).days if family.contacts else None)
            assert until == ((family.leaving_on - on_date).days if family.leaving_on else None)


def _age(born: date, on_date: date) -> int:
    """The years in which the birthday has come, counted one by one."""
    years = range(born.year + 1, on_date.year + 1)
    return sum((year, born.month, born.day) <= (on_date.year, on_date.month, on_date.day) for year in years)


@pytest.mark.parametrize("on_date", DAYS)
async def test_an_account_says_how_each_invoice_stands(filled: Filled, on_date: date) -> None:
    seen = set()
    for family in filled.families.by_id.values():
        request = queries.GetTuitionAccountRequest(family_id=family.family_id, on_date=say.day(on_date))
        account = (await filled.stub.GetTuitionAccount(request)).account
        found = {each.invoice_id: views.InvoiceStatus.Name(each.status) for each in account.invoices}
        expected = {id_: f"INVOICE_STATUS_{each.status(on_date)}" for id_, each in family.invoices.items()}
        assert found == expected
        assert list(found) == list(family.invoices)
        assert account.overdue_cents == sum(each.overdue(on_date) for each in family.invoices.values())
        assert account.invoiced_cents == account.collected_cents + account.outstanding_cents
        seen |= set(found.values())
    # Before all due dates nothing is overdue, and after them nothing is just open.
    assert len(seen) == (4 if on_date.year not in (2023, 2024) else 5)


async def test_the_tiers_are_all_there_and_critical_comes_first(filled: Filled) -> None:
    answer = await filled.stub.GetFamiliesByRiskTier(queries.GetFamiliesByRiskTierRequest())
    assert [_tier_row(row) for row in answer.tiers] == filled.families.tiers()
    assert all(row.families for row in answer.tiers)


def _tier_row(row: views.RiskTierSummary) -> tuple[str, int, float, float]:
    return _tier(row.risk_tier), row.families, row.average_engagement, row.average_risk


def _tier(tier: scores.RiskTier.ValueType) -> str:
    return scores.RiskTier.Name(tier).removeprefix("RISK_TIER_")


def month(text: str | None) -> Date | None:
    """2024-01 as a message."""
    return text and Date(year=int(text[:4]), month=int(text[5:]))


BOUNDS = [
    (None, None),
    ("2024-01", None),
    (None, "2024-01"),
    ("2024-01", "2024-02"),
    ("2024-02", "2024-02"),
    ("2024-03", "2024-02"),
    ("1900-01", "2199-12"),
]


@pytest.mark.parametrize(("first", "last"), BOUNDS)
async def test_the_report_counts_by_month_of_enrolment_and_tier(
    filled: Filled, first: str | None, last: str | None
) -> None:
    request = queries.GetEnrollmentReportRequest(**{"from": month(first), "to": month(last)})
    answer = await filled.stub.GetEnrollmentReport(request)
    rows = [
        (
            f"{row.month.year:04}-{row.month.month:02}",
            _tier(row.risk_tier),
            row.families,
            row.average_engagement,
            row.withdrawn_families,
        )
        for row in answer.rows
    ]
    whole = filled.families.report()
    assert rows == [row for row in whole if (first or "") <= row[0] <= (last or "9")]
    assert all(row.month.day == 0 for row in answer.rows)
    if (first, last) == (None, None):
        assert sum(row[2] + row[4] for row in rows) == len(filled.families.by_id)


@pytest.mark.parametrize(("first", "last"), BOUNDS)
async def test_payments_are_summed_by_month_and_currency(
    filled: Filled, first: str | None, last: str | None
) -> None:
    for on_date in DAYS:
        request = queries.GetPaymentAnalyticsRequest(
            start_month=month(first), end_month=month(last), on_date=say.day(on_date)
        )
        answer = await filled.stub.GetPaymentAnalytics(request)
        expected = filled.families.payment_months(on_date)
        within = [row for row in expected if (first or "") <= row["month"] <= (last or "9")]
        assert [_payment_row(row) for row in answer.months] == [
            {name: value for name, value in row.items() if name != "families_billed"} for row in within
        ]
        for found, plain in zip(answer.months, within, strict=True):
            assert found.last_updated == answer.freshness.as_of
            _add_up(found, plain["families_billed"])


def _payment_row(row: views.PaymentMonth) -> dict[str, Any]:
    left_out = ("month", "payment_method_breakdown", "last_updated")
    methods = row.payment_method_breakdown
    return {
        **{name: getattr(row, name) for name in row.DESCRIPTOR.fields_by_name if name not in left_out},
        "month": f"{row.month.year:04}-{row.month.month:02}",
        "methods": [(-each.collected_cents, each.payment_method, each.payments) for each in methods],
    }


def _add_up(row: views.PaymentMonth, families_billed: int) -> None:
    assert row.revenue_expected_cents == row.revenue_collected_cents + row.revenue_outstanding_cents
    assert row.revenue_overdue_cents <= row.revenue_outstanding_cents
    paid = row.families_paid_on_time + row.families_paid_late
    assert paid + row.families_overdue + row.families_due == families_billed
    methods = row.payment_method_breakdown
    assert sum(each.collected_cents for each in methods) == row.revenue_collected_cents


@pytest.mark.parametrize(
    "term", ["smith", "ANGSTROM", "zoe", "ann", "o'h", "z", "lukasz", "nobody", "smith\u00a0"]
)
@pytest.mark.parametrize("limit", [0, 1, 3, 10_000])
async def test_a_search_goes_on_by_token_until_all_are_found(filled: Filled, term: str, limit: int) -> None:
    expected, seen, token = filled.families.found(term), [], ""
    for _ in range(len(expected) + 1):
        request = queries.SearchFamiliesRequest(term=term, limit=limit, page_token=token)
        answer = await filled.stub.SearchFamilies(request)
        assert len(answer.families) <= (limit or 50)
        seen += [family.family_id for family in answer.families]
        token = answer.next_page_token
        if not token:
            break
    assert seen == expected


@pytest.mark.parametrize("term", [" ", "\u0301"])
async def test_a_search_for_nothing_is_refused(filled: Filled, term: str) -> None:
    refused = await refusal_of(filled.stub.SearchFamilies(queries.SearchFamiliesRequest(term=term)))
    assert (refused.info.reason, refused.fields) == ("INVALID_REQUEST", ["term"])


@pytest.mark.parametrize(
    ("rpc", "field", "date_"),
    [
        ("GetFamily", "on_date", Date(year=2025, month=2, day=29)),
        ("GetTuitionAccount", "on_date", Date(year=2024, month=4, day=31)),
        ("GetPaymentAnalytics", "start_month", Date(year=2024, month=4, day=1)),
        ("GetEnrollmentReport", "to", Date(year=2024, month=13)),
    ],
)
async def test_a_day_or_month_that_does_not_exist_is_refused(
    filled: Filled, rpc: str, field: str, date_: Any
) -> None:
    request = getattr(queries, f"{rpc}Request")(**{field: date_})
    if "family_id" in request.DESCRIPTOR.fields_by_name:
        request.family_id = "f1"
    refused = await refusal_of(getattr(filled.stub, rpc)(request))
    assert (refused.info.reason, refused.fields) == ("INVALID_REQUEST", [field])


async def test_a_family_that_is_not_there_is_not_found(filled: Filled) -> None:
    for call in (
        filled.stub.GetFamily(queries.GetFamilyRequest(family_id="none")),
        filled.stub.GetTuitionAccount(queries.GetTuitionAccountRequest(family_id="none")),
    ):
        refused = await refusal_of(call)
        assert (refused.info.reason, dict(refused.info.metadata)) == (
            "FAMILY_NOT_FOUND",
            {"family_id": "none"},
        )
