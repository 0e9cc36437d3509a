"""What reports must say, added up from what the timeline holds."""

from collections import Counter
from typing import Any

from tests.faults.checker.listings import LISTINGS
from tests.faults.checker.timeline import Timeline
from tests.plain import plain

Fields = dict[str, Any]

_STATUSES = ("PENDING", "APPROVED", "SHIPPED", "DELIVERED", "CANCELLED")


def sales_rows(counted: Timeline, request: Any) -> list[Fields]:
    """The rows of a sales report, from the tallies as they are now."""
    is_monthly = request.granularity == 2
    tally = "sales_by_month" if is_monthly else "sales_by_day"
    tally += "_and_country" if request.split_by_country else ""
    first, last = (plain(getattr(request, name)) if request.HasField(name) else "" for name in ("from", "to"))
    cut = 7 if is_monthly else 10
    found: dict[tuple[str, str, str], Fields] = {}
    for row, columns in counted.rows(tally):
        period, _, region = row.partition("/")
        if (first and period < first[:cut]) or (last and period > last[:cut]):
            continue
        for column, amount in columns.items():
            name, currency = column.split("|")
            found.setdefault((period, currency, region), {})[name] = amount
    return [_sales_row(key, found[key]) for key in sorted(found)]


def _sales_row(key: tuple[str, str, str], amounts: Fields) -> Fields:
    gross, credit = amounts.get("gross", 0), amounts.get("credit", 0)
    return {
        "period": key[0],
        "orders": amounts.get("orders", 0),
        "units": amounts.get("units", 0),
        "gross_cents": gross,
        "credit_cents": credit,
        "net_cents": gross - credit,
        "currency_code": key[1],
        "region_code": key[2],
        "credit_notes": amounts.get("credit_notes", 0),
    }


def dashboard(counted: Timeline, request: Any) -> Fields:
    """An OrderDashboard, from the orders that meet the filters."""
    meets = LISTINGS["ListOrders"].matches
    orders = [order for order in counted.documents("order_summary") if meets(order, request)]
    open_cents: Counter[str] = Counter()
    total_cents: Counter[str] = Counter()
    for order in orders:
        currency, cents = order["currency_code"], order["total_cents"]
        open_cents[currency] += cents if order["status"] in ("PENDING", "APPROVED") else 0
        total_cents[currency] += cents if order["status"] != "CANCELLED" else 0
    statuses = Counter(order["status"] for order in orders)
    revenue = [
        {
            "currency_code": currency,
            "open_revenue_cents": open_cents[currency],
            "total_revenue_cents": total_cents[currency],
        }
        for currency in sorted(total_cents)
    ]
    weight = ("total_revenue_cents", "open_revenue_cents")
    nothing = {"currency_code": "", "open_revenue_cents": 0, "total_revenue_cents": 0}
    return {
        "counts": [{"status": status, "orders": statuses[status]} for status in _STATUSES],
        "total_count": len(orders),
        "high_value_count": sum(order["is_high_value"] for order in orders),
        **max(revenue, key=lambda each: [each[name] for name in weight], default=nothing),
        "revenue": revenue,
    }
