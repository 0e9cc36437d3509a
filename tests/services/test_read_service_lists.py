"""Lists, dashboard and sales report against a plain model: every combination of filters."""

import itertools
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import views_pb2 as views
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from read_service.orders import dashboard as dashboards
from read_service.orders import sales_report as sales_reports
from tests.order_events import START, instant
from tests.order_histories import CUSTOMERS, History
from tests.services.kit_service import refusal_of
from tests.services.order_model import dashboard, listed, sales
from tests.services.order_read_models import order_ids, pages_of, read_models, read_service
from tests.valkey_server import TestValkey

STATUSES: tuple[views.OrderStatus.ValueType, ...] = (
    views.ORDER_STATUS_UNSPECIFIED,
    views.ORDER_STATUS_PENDING,
    views.ORDER_STATUS_SHIPPED,
    views.ORDER_STATUS_CANCELLED,
)
FILTERS = [
    {
        "status": status,
        "customer_id": customer,
        "is_high_value": high,
        "placed_from": first,
        "placed_to": last,
    }
    for status, customer, high, (first, last) in itertools.product(
        STATUSES,
        ("", "alice"),
        (None, True, False),
        (
            (None, None),
            (START + timedelta(hours=7), None),
            (None, START + timedelta(hours=30)),
            (START + timedelta(hours=1), START + timedelta(hours=49)),
            (START + timedelta(hours=3), START + timedelta(hours=6)),
            (START + timedelta(hours=6), START + timedelta(hours=3)),
        ),
    )
]


@dataclass(frozen=True, slots=True)
class Filled:
    """A read service over a few hundred orders, and the same orders as plain data."""

    stub: Any
    history: History


@pytest.fixture(scope="module")
async def filled(valkey: TestValkey) -> AsyncIterator[Filled]:
    history = History(random.Random(11))  # noqa: S311 - a test's dice
    async with read_models(valkey) as models, read_service(valkey) as stub:
        models.append(*history.beginning())
        for messages in history.steps(700):
            models.append(*messages)
        await models.catch_up(limit=100)
        yield Filled(stub, history)


def given(filters: dict[str, Any]) -> dict[str, Any]:
    """Filters as fields of a request."""
    fields = {name: value for name, value in filters.items() if value is not None}
    return {name: instant(value) if name.startswith("placed") else value for name, value in fields.items()}


@pytest.mark.parametrize("order_by", [queries.ORDER_BY_UNSPECIFIED, queries.ORDER_BY_TOTAL])
@pytest.mark.parametrize("is_ascending", [False, True])
async def test_every_combination_of_filters_lists_what_meets_them(
    filled: Filled, order_by: Any, is_ascending: bool
) -> None:
    found = 0
    for filters in FILTERS:
        request = queries.ListOrdersRequest(
            order_by=order_by, is_ascending=is_ascending, page_size=7, **given(filters)
        )
        expected = listed(filled.history, request)
        assert await order_ids(filled.stub, request) == expected, filters
        found += len(expected)
    assert found > 1000


async def test_every_combination_of_filters_is_counted_and_summed(filled: Filled) -> None:
    for filters in FILTERS:
        request = queries.GetOrderDashboardRequest(page_size=10, **given(filters))
        answer = await filled.stub.GetOrderDashboard(request)
        board, expected = answer.dashboard, dashboard(filled.history, request)
        counts = {
            views.OrderStatus.Name(each.status).removeprefix("ORDER_STATUS_"): each.orders
            for each in board.counts
        }
        revenue = {
            each.currency_code: (each.open_revenue_cents, each.total_revenue_cents)
            for each in board.revenue
            if each.open_revenue_cents or each.total_revenue_cents
        }
        assert {name: orders for name, orders in counts.items() if orders} == dict(expected["counts"]), (
            filters
        )
        assert len(counts) == 5
        assert (board.total_count, board.high_value_count) == (expected["total"], expected["high"])
        assert revenue == expected["revenue"], filters
        same = queries.ListOrdersRequest(**given(filters))
        assert [order.order_id for order in answer.orders] == listed(filled.history, same)[:10]


async def test_reports_and_dashboards_of_many_rows_are_read_in_parts(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = (START + timedelta(hours=1), START + timedelta(hours=70))
    bounds = {"placed_from": instant(hours[0]), "placed_to": instant(hours[1])}
    whole = [await _both(filled, bounds), await _both(filled, {"customer_id": "alice", **bounds})]
    for module in (dashboards, sales_reports):
        monkeypatch.setattr(module, "ROWS_PER_READ", 2)
    monkeypatch.setattr(dashboards, "_PAGE_ROWS", 3)
    parts = [await _both(filled, bounds), await _both(filled, {"customer_id": "alice", **bounds})]
    assert parts == whole


async def _both(filled: Filled, bounds: dict[str, Any]) -> tuple[Any, Any]:
    request = queries.GetOrderDashboardRequest(**bounds)
    report = await filled.stub.GetSalesReport(queries.GetSalesReportRequest(split_by_country=True))
    return (await filled.stub.GetOrderDashboard(request)).dashboard, list(report.rows)


async def test_the_dashboards_token_goes_on_in_the_list(filled: Filled) -> None:
    for filters in FILTERS[::7]:
        answer = await filled.stub.GetOrderDashboard(
            queries.GetOrderDashboardRequest(page_size=3, **given(filters))
        )
        listing = queries.ListOrdersRequest(**given(filters))
        expected = listed(filled.history, listing)
        seen = [order.order_id for order in answer.orders]
        assert bool(answer.next_page_token) == (len(expected) > 3)
        if answer.next_page_token:
            listing.page_token = answer.next_page_token
            seen += await order_ids(filled.stub, listing)
        assert seen == expected


async def test_a_customers_orders_are_listed_newest_first(filled: Filled) -> None:
    for customer_id, status in itertools.product(CUSTOMERS, STATUSES):
        same = queries.ListOrdersRequest(customer_id=customer_id, status=status)
        request = queries.ListCustomerOrdersRequest(customer_id=customer_id, status=status)
        pages = await pages_of(filled.stub, request)
        assert [order.order_id for page in pages for order in page.orders] == listed(filled.history, same)
        assert all(len(page.orders) <= 20 for page in pages)


@pytest.mark.parametrize("monthly", [False, True])
@pytest.mark.parametrize("by_country", [False, True])
async def test_the_sales_report_equals_the_sums(filled: Filled, monthly: bool, by_country: bool) -> None:
    expected = sales(filled.history, monthly=monthly, by_country=by_country)
    granularity = queries.GRANULARITY_MONTH if monthly else queries.GRANULARITY_DAY
    request = queries.GetSalesReportRequest(granularity=granularity, split_by_country=by_country)
    answer = await filled.stub.GetSalesReport(request)
    assert {_key(row): _amounts(row) for row in answer.rows} == expected
    assert [_key(row) for row in answer.rows] == sorted(expected)
    assert all(row.net_cents == row.gross_cents - row.credit_cents for row in answer.rows)
    bounded = queries.GetSalesReportRequest(
        **{"from": Date(year=2011, month=7, day=1), "to": Date(year=2011, month=7, day=2)},
        granularity=granularity,
        split_by_country=by_country,
    )
    last = "2011-07" if monthly else "2011-07-02"
    within = {key: amounts for key, amounts in expected.items() if "2011-07" <= key[0] <= last}
    answer = await filled.stub.GetSalesReport(bounded)
    assert {_key(row): _amounts(row) for row in answer.rows} == within
    assert 0 < len(within) < len(expected)


def _key(row: views.SalesReportRow) -> tuple[str, str, str]:
    period = f"{row.period.year:04}-{row.period.month:02}" + (f"-{row.period.day:02}" * bool(row.period.day))
    return period, row.currency_code, row.region_code


def _amounts(row: views.SalesReportRow) -> list[int]:
    return [row.orders, row.units, row.gross_cents, row.credit_notes, row.credit_cents]


@pytest.mark.parametrize(
    "date", [Date(year=2011, month=2, day=29), Date(year=2011, month=13, day=1), Date(month=1), Date()]
)
async def test_a_day_that_does_not_exist_is_refused(filled: Filled, date: Any) -> None:
    refused = await refusal_of(filled.stub.GetSalesReport(queries.GetSalesReportRequest(**{"from": date})))
    assert (refused.info.reason, refused.fields) == ("INVALID_REQUEST", ["from"])


async def test_money_of_different_currencies_is_never_added_up(filled: Filled) -> None:
    answer = await filled.stub.GetOrderDashboard(queries.GetOrderDashboardRequest())
    board = answer.dashboard
    largest = max(board.revenue, key=lambda each: each.total_revenue_cents)
    assert len(board.revenue) == 3
    assert board.currency_code == largest.currency_code
    assert board.total_revenue_cents == largest.total_revenue_cents
    assert board.open_revenue_cents == largest.open_revenue_cents


async def test_products_are_listed_by_name_or_stock_and_by_low_stock(filled: Filled) -> None:
    everything = await _products(filled)
    assert [each.name for each in everything] == ["Bag", "Lamp", "Mug", "Tin"]
    for each in everything:
        assert each.available == each.received - each.reserved - each.sold
    by_stock = sorted(everything, key=lambda each: (each.available, each.sku))
    middle = by_stock[1].available
    available = queries.PRODUCT_ORDER_BY_AVAILABLE
    assert await _products(filled, order_by=available) == by_stock
    assert await _products(filled, order_by=available, is_descending=True) == by_stock[::-1]
    assert await _products(filled, is_descending=True, page_size=1) == everything[::-1]
    low = [each for each in by_stock if each.available < middle]
    assert await _products(filled, order_by=available, low_stock_below=middle) == low
    assert sorted(each.sku for each in await _products(filled, low_stock_below=middle)) == sorted(
        each.sku for each in low
    )


async def _products(filled: Filled, **fields: Any) -> list[views.Product]:
    pages = await pages_of(filled.stub, queries.ListProductsRequest(**fields))
    return [each for page in pages for each in page.products]
