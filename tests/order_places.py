"""Where plain documents of orders and products stand in indexes, and what they add to tallies."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from tests.order_facts import Document

Tallies = Counter[tuple[str, str, str]]
_UNITS = {"PENDING": "reserved", "APPROVED": "reserved", "SHIPPED": "sold", "DELIVERED": "sold"}


def summary_scores(order: Document) -> dict[str, int]:
    """The indexes of an order_summary."""
    since_1970 = order["placed_at"] - datetime(1970, 1, 1, tzinfo=UTC)
    placed, total = since_1970 // timedelta(microseconds=1), order["total_cents"]
    facets = (f"/status/{order['status']}", f"/customer/{order['customer_id']}")
    return {
        "placed": placed,
        "total": total,
        f"placed/{_value(order)}": placed,
        **{"placed" + facet: placed for facet in facets},
        **{"total" + facet: total for facet in facets},
    }


def summary_tallies(order: Document) -> Tallies:
    """The tallies of an order_summary."""
    found: Tallies = Counter()
    cents, day = order["total_cents"], f"{order['placed_at']:%Y-%m-%d}"
    group = f"{order['status']}|{_value(order)}|{order['currency_code']}"
    rows = {"orders": "all", "orders_by_day": day, "orders_by_customer": order["customer_id"]}
    for tally, row in rows.items():
        found[tally, row, f"count|{group}"] += 1
        found[tally, row, f"cents|{group}"] += cents
    if order["status"] != "CANCELLED":
        amounts = {"orders": 1, "units": order["unit_count"], "gross": cents}
        found.update(_sales(order["placed_at"], order, amounts))
    return found


def details_tallies(order: Document) -> Tallies:
    """The tallies of an order_details."""
    found: Tallies = Counter()
    if order["status"] == "CANCELLED":
        return found
    for line in order["items"]:
        found["product_units", line["sku"], _UNITS[order["status"]]] += line["quantity"]
    found["customer_totals", order["customer_id"], "orders"] += 1
    found["customer_totals", order["customer_id"], f"spent|{order['currency_code']}"] += order["total_cents"]
    return found


def credit_tallies(note: Document) -> Tallies:
    """The tallies of a credit_note."""
    found = _sales(note["issued_at"], note, {"credit_notes": 1, "credit": note["total_cents"]})
    found["customer_totals", note["customer_id"], f"credit|{note['currency_code']}"] += note["total_cents"]
    return found


def _sales(at: datetime, document: Document, amounts: dict[str, int]) -> Tallies:
    found: Tallies = Counter()
    day, country = f"{at:%Y-%m-%d}", document["region_code"] or "ZZ"
    for name, amount in amounts.items():
        column = f"{name}|{document['currency_code']}"
        found["sales_by_day", day, column] += amount
        found["sales_by_month", day[:7], column] += amount
        found["sales_by_day_and_country", f"{day}/{country}", column] += amount
        found["sales_by_month_and_country", f"{day[:7]}/{country}", column] += amount
    return found


def _value(order: Document) -> str:
    return "high" if order["total_cents"] > 100_000 else "normal"
