"""Asks the read service for everything that the sums know and names each difference."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import order_query_service_pb2_grpc as stubs
from diptych.orders.v1 import views_pb2 as views
from google.protobuf.duration_pb2 import Duration

from tests.end_to_end.retail_sums import CustomerSums, Day, RetailSums


def differences(read_address: str, token: ConsistencyToken, sums: RetailSums) -> list[str]:
    """Every number in which the read service's answers and the sums differ; empty when all are equal.

    The read service must hold the imported files and nothing else.
    """
    fresh = Consistency(at_least_as_fresh=token, max_wait=Duration(seconds=60))
    with grpc.insecure_channel(read_address) as channel:
        stub = stubs.OrderQueryServiceStub(channel)
        return [
            *_in_days(stub, fresh, sums),
            *_in_products(stub, fresh, sums),
            *_in_customers(stub, fresh, sums),
            *_in_orders(stub, fresh, sums),
            *_in_dashboard(stub, fresh, sums),
        ]


def _in_days(stub: stubs.OrderQueryServiceStub, fresh: Consistency, sums: RetailSums) -> Iterator[str]:
    found: dict[str, Day] = {}
    for row in stub.GetSalesReport(queries.GetSalesReportRequest(consistency=fresh)).rows:
        assert row.currency_code == "GBP"
        assert row.net_cents == row.gross_cents - row.credit_cents
        period = f"{row.period.year:04}-{row.period.month:02}-{row.period.day:02}"
        assert period not in found
        found[period] = Day(row.orders, row.units, row.gross_cents, row.credit_notes, row.credit_cents)
    yield from _compare("day", found, sums.days)
    split = queries.GetSalesReportRequest(
        consistency=fresh, granularity=queries.GRANULARITY_MONTH, split_by_country=True
    )
    rows = stub.GetSalesReport(split).rows
    by_country = {
        "gross": sum(row.gross_cents for row in rows),
        "credit": sum(row.credit_cents for row in rows),
    }
    by_day = {
        "gross": sum(day.gross_cents for day in sums.days.values()),
        "credit": sum(day.credit_cents for day in sums.days.values()),
    }
    yield from _compare("all countries together", by_country, by_day)


def _in_products(stub: stubs.OrderQueryServiceStub, fresh: Consistency, sums: RetailSums) -> Iterator[str]:
    request = queries.ListProductsRequest(consistency=fresh, page_size=500)
    products = {product.sku: product for page in stub.ListProducts(request) for product in page.products}
    yield from _compare("sold", {sku: p.sold for sku, p in products.items() if p.sold}, dict(sums.sold))
    # The import receives what is sold and written off, so what is left over is what came back.
    left = {sku: p.available for sku, p in products.items() if p.available}
    yield from _compare("returned", left, {sku: units for sku, units in sums.returned.items() if units})
    yield from _compare("reserved", {sku: p.reserved for sku, p in products.items() if p.reserved}, {})


def _in_customers(stub: stubs.OrderQueryServiceStub, fresh: Consistency, sums: RetailSums) -> Iterator[str]:
    found = {}
    for customer_id in sums.customers:
        request = queries.GetCustomerRequest(consistency=fresh, customer_id=customer_id)
        customer = stub.GetCustomer(request).customer
        found[customer_id] = CustomerSums(
            customer.order_count, customer.total_spent_cents, customer.credit_cents
        )
    yield from _compare("customer", found, sums.customers)


def _in_orders(stub: stubs.OrderQueryServiceStub, fresh: Consistency, sums: RetailSums) -> Iterator[str]:
    totals, times, statuses = {}, {}, set()
    for page in stub.ListOrders(queries.ListOrdersRequest(consistency=fresh, page_size=500)):
        for order in page.orders:
            totals[order.order_id] = order.total_cents
            times[order.order_id] = int(order.placed_at.seconds)
            statuses.add(order.status)
    yield from _compare("order", totals, sums.order_cents)
    expected = {number: int(at.timestamp()) for number, at in sums.placed_at.items()}
    yield from _compare("placed_at of order", times, expected)
    yield from _compare("status", dict.fromkeys(statuses, True), {views.ORDER_STATUS_DELIVERED: True})


def _in_dashboard(stub: stubs.OrderQueryServiceStub, fresh: Consistency, sums: RetailSums) -> Iterator[str]:
    request = queries.GetOrderDashboardRequest(consistency=fresh, page_size=1)
    dashboard = stub.GetOrderDashboard(request).dashboard
    found = {
        "orders": dashboard.total_count,
        "revenue": dashboard.total_revenue_cents,
        "open": dashboard.open_revenue_cents,
        "high value": dashboard.high_value_count,
    }
    totals = list(sums.order_cents.values())
    expected = {
        "orders": len(totals),
        "revenue": sum(totals),
        "open": 0,
        "high value": sum(total > 100_000 for total in totals),
    }
    yield from _compare("dashboard", found, expected)


def _compare(what: str, found: dict[Any, Any], expected: dict[Any, Any]) -> Iterator[str]:
    in_order: Callable[[Any], str] = str
    for key in sorted(found.keys() | expected.keys(), key=in_order):
        if found.get(key) != expected.get(key):
            yield f"{what} {key}: expected {expected.get(key)}, found {found.get(key)}"
