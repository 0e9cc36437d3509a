"""Where plain documents of families stand in indexes, and what they add to tallies."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date

from tests.family_facts import Document

Tallies = Counter[tuple[str, str, str]]
FLOORS = {0: "LOW", 40: "MEDIUM", 70: "HIGH", 85: "CRITICAL"}


def summary_scores(family: Document) -> dict[str, int]:
    """The indexes of a family_summary."""
    enrolled = date.fromisoformat(family["enrollment_date"]) - date(1970, 1, 1)
    orders = {
        "risk": family["risk_score"],
        "engagement": family["engagement_score"],
        "enrolled": enrolled.days,
    }
    facets = ("", f"/status/{family['status']}", f"/tier/{family['risk_tier']}")
    return {order + facet: score for order, score in orders.items() for facet in facets}


def at_risk_scores(family: Document) -> dict[str, int]:
    """The indexes of an at_risk_family."""
    if family["status"] == "WITHDRAWN":
        return {}
    risk = family["risk_score"]
    place = family["intervention_priority"] * 1000 + risk
    return {"at_risk_score": risk} | {f"at_risk/{floor}": place for floor in FLOORS if floor <= risk}


def summary_tallies(family: Document) -> Tallies:
    """The tallies of a family_summary."""
    found: Tallies = Counter()
    tier, currency, month = family["risk_tier"], family["currency_code"], family["enrollment_date"][:7]
    found["active", month, f"enrolled|{currency}"] += 1
    if family["status"] == "WITHDRAWN":
        found["active", family["withdrawal_date"][:7], f"withdrawn|{currency}"] += 1
        found["enrollment", month, f"withdrawn|{tier}"] += 1
    else:
        found["enrollment", month, f"families|{tier}"] += 1
        found["enrollment", month, f"engagement|{tier}"] += family["engagement_score"]
        found["tiers", "all", f"families|{tier}"] += 1
        found["tiers", "all", f"engagement|{tier}"] += family["engagement_score"]
        found["tiers", "all", f"risk|{tier}"] += family["risk_score"]
    return found


def account_tallies(account: Document) -> Tallies:
    """The tallies of a tuition_account."""
    found: Tallies = Counter()
    currency = account["currency_code"]
    by_month = defaultdict[str, list[Document]](list)
    for invoice in account["invoices"]:
        by_month[invoice["due_date"][:7]].append(invoice)
    for month, invoices in by_month.items():
        for column, amount in _month_columns(invoices, currency):
            found["tuition", month, column] += amount
    for payment in account["payments"]:
        found["tuition", payment["received_date"][:7], f"received|{currency}"] += payment["amount_cents"]
    return found


def _month_columns(invoices: list[Document], currency: str) -> Iterator[tuple[str, int]]:
    parts = [part for invoice in invoices for part in invoice["payments"]]
    unpaid = {invoice["due_date"] for invoice in invoices if invoice["paid_cents"] != invoice["amount_cents"]}
    yield f"expected|{currency}", sum(invoice["amount_cents"] for invoice in invoices)
    yield f"collected|{currency}", sum(part["amount_cents"] for part in parts)
    if unpaid:
        yield f"unpaid|{currency}|{min(unpaid)}", 1
    elif any(part["days_late"] for part in parts):
        yield f"late|{currency}", 1
    elif any(invoice["amount_cents"] for invoice in invoices):
        yield f"on_time|{currency}", 1
    for invoice in invoices:
        open_cents = invoice["amount_cents"] - invoice["paid_cents"]
        yield f"open|{currency}|{invoice['due_date']}", open_cents
    for part in parts:
        yield f"days_late|{currency}|{part['days_late']}", 1
        yield f"method|{currency}|{part['payment_method']}", part["amount_cents"]
        yield f"method_payments|{currency}|{part['payment_method']}", 1
