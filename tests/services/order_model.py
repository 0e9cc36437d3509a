"""What lists, dashboard and report must answer, computed from plain orders."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import views_pb2 as views
from google.protobuf.timestamp_pb2 import Timestamp

from tests.order_histories import History, PlainOrder


def meets(request: Any) -> Callable[[PlainOrder], bool]:
    """The filters of a request as a condition."""
    status = views.OrderStatus.Name(request.status).removeprefix("ORDER_STATUS_")

    def condition(order: PlainOrder) -> bool:
        return (
            status in ("UNSPECIFIED", order.status)
            and request.customer_id in ("", order.customer_id)
            and (not request.HasField("is_high_value") or request.is_high_value == order.is_high)
            and (not request.HasField("placed_from") or order.placed_at >= _datetime(request.placed_from))
            and (not request.HasField("placed_to") or order.placed_at < _datetime(request.placed_to))
        )

    return condition


def listed(history: History, request: queries.ListOrdersRequest) -> list[str]:
    """The ids of the orders in the order asked for."""

    def place(order: PlainOrder) -> tuple[Any, str]:
        by_total = request.order_by == queries.ORDER_BY_TOTAL
        return (order.total if by_total else order.placed_at), order.order_id

    found = sorted(filter(meets(request), history.orders.values()), key=place)
    return [order.order_id for order in (found if request.is_ascending else reversed(found))]


def dashboard(history: History, request: Any) -> dict[str, Any]:
    """Counts by status, orders of high value, open and total cents by currency."""
    orders = [order for order in history.orders.values() if meets(request)(order)]
    revenue: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for order in orders:
        open_cents = order.total if order.status in ("PENDING", "APPROVED") else 0
        sold_cents = order.total if order.status != "CANCELLED" else 0
        revenue[order.currency][0] += open_cents
        revenue[order.currency][1] += sold_cents
    return {
        "counts": Counter(order.status for order in orders),
        "total": len(orders),
        "high": sum(order.is_high for order in orders),
        "revenue": {code: tuple(cents) for code, cents in revenue.items() if any(cents)},
    }


def sales(history: History, *, monthly: bool, by_country: bool) -> dict[tuple[str, str, str], list[int]]:
    """(period, currency, country) -> orders, units, gross, credit notes, credit."""
    rows: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])

    def row(at: datetime, currency: str, region: str) -> list[int]:
        period = f"{at:%Y-%m}" if monthly else f"{at:%Y-%m-%d}"
        return rows[period, currency, (region or "ZZ") if by_country else ""]

    for order in history.orders.values():
        if order.status != "CANCELLED":
            found = row(order.placed_at, order.currency, order.region)
            found[0] += 1
            found[1] += order.units
            found[2] += order.total
    for credit in history.credits.values():
        found = row(credit.issued_at, credit.currency, credit.region)
        found[3] += 1
        found[4] += credit.cents
    return dict(rows)


def _datetime(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
