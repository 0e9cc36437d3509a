"""What queries of families must answer, computed from the events as plain sums."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_query_service_pb2 as queries
from diptych.families.v1 import scores_pb2 as scores
from diptych.families.v1 import views_pb2 as views
from google.protobuf.message import Message
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from read_store import fold_text

TIERS = ("CRITICAL", "HIGH", "MEDIUM", "LOW")


@dataclass(slots=True)
class PlainInvoice:
    """An invoice as a test's own sums see it; `parts` are cents, days late and method."""

    due: date
    cents: int
    parts: list[tuple[int, int, str]] = field(default_factory=list)
    cancelled: int = 0

    @property
    def paid(self) -> int:
        return sum(cents for cents, _, _ in self.parts)

    @property
    def unpaid(self) -> int:
        return self.cents - self.paid

    def overdue(self, on_date: date) -> int:
        return self.unpaid if self.due < on_date else 0

    def status(self, on_date: date) -> str:
        if self.unpaid:
            return "OVERDUE" if self.due < on_date else "OPEN"
        if self.cancelled and not self.parts:
            return "CANCELLED"
        return "PAID_LATE" if any(days for _, days, _ in self.parts) else "PAID_ON_TIME"


@dataclass(slots=True)
class PlainFamily:
    """A family as a test's own sums see it."""

    family_id: str
    name: str
    currency: str
    enrolled_on: date
    withdrawn_on: date | None = None
    children: list[tuple[str, date]] = field(default_factory=list)
    risk: int = 0
    highest_risk: int = 0
    engagement: int = 0
    priority: int = 0
    leaving_on: date | None = None
    contacts: list[date] = field(default_factory=list)
    invoices: dict[str, PlainInvoice] = field(default_factory=dict)
    payments: list[tuple[date, int]] = field(default_factory=list)
    version: int = 0

    @property
    def tier(self) -> str:
        return next(tier for tier, least in zip(TIERS, (85, 70, 40, 0), strict=True) if self.risk >= least)

    @property
    def status(self) -> str:
        return "ENROLLED" if self.withdrawn_on is None else "WITHDRAWN"

    @property
    def names(self) -> str:
        return fold_text("\n".join((self.name, *(name for name, _ in self.children))))

    def take(self, event: Message) -> None:
        self.version += 1
        match event:
            case events.ChildAdded():
                self.children.append((event.name, _date(event.birth_date)))
            case events.TuitionInvoiced():
                parts = [(each.amount_cents, 0, each.payment_method) for each in event.credits]
                invoice = PlainInvoice(_date(event.due_date), event.amount_cents, parts)
                self.invoices[event.invoice_id] = invoice
            case events.PaymentReceived():
                self.payments.append((_date(event.received_date), event.amount_cents))
                for each in event.allocations:
                    part = (each.amount_cents, each.days_late, event.payment_method)
                    self.invoices[each.invoice_id].parts.append(part)
            case events.ContactRecorded():
                self.contacts.append(_date(event.date))
            case _:
                self._stand(event)

    def _stand(self, event: Message) -> None:
        match event:
            case events.RiskScoreUpdated():
                self.risk = event.new_score
                self.highest_risk = max(self.highest_risk, event.new_score)
            case events.EngagementScoreUpdated():
                self.engagement = event.new_score
            case events.InterventionRecommended():
                self.priority = event.priority
                has_date = event.HasField("predicted_withdrawal_date")
                self.leaving_on = _date(event.predicted_withdrawal_date) if has_date else None
            case events.FamilyWithdrawn():
                self.withdrawn_on, self.priority, self.leaving_on = _date(event.date), 0, None
                for each in event.cancellations:
                    self.invoices[each.invoice_id].cents -= each.cancelled_cents
                    self.invoices[each.invoice_id].cancelled += each.cancelled_cents


@dataclass(slots=True)
class Families:
    """All families; events are taken as the log has them."""

    by_id: dict[str, PlainFamily] = field(default_factory=dict)

    def take(self, *messages: Message) -> tuple[Message, ...]:
        """Take events, and answer them."""
        for event in messages:
            if isinstance(event, events.FamilyEnrolled):
                family = PlainFamily(
                    event.family_id, event.family_name, event.currency_code, _date(event.enrollment_date)
                )
                self.by_id[event.family_id] = family
            self.by_id[getattr(event, "family_id")].take(event)  # noqa: B009 - all events have it
        return messages

    def listed(self, request: queries.ListFamiliesRequest) -> list[str]:
        """The ids of the families in the order asked for."""
        status = views.FamilyStatus.Name(request.status).removeprefix("FAMILY_STATUS_")
        tier = scores.RiskTier.Name(request.risk_tier).removeprefix("RISK_TIER_")
        found = [
            family
            for family in self.by_id.values()
            if status in ("UNSPECIFIED", family.status) and tier in ("UNSPECIFIED", family.tier)
        ]
        orders: dict[int, tuple[Callable[[PlainFamily], Any], bool]] = {
            queries.FAMILY_ORDER_BY_RISK: (lambda family: family.risk, True),
            queries.FAMILY_ORDER_BY_ENGAGEMENT: (lambda family: family.engagement, True),
            queries.FAMILY_ORDER_BY_ENROLLMENT_DATE: (lambda family: family.enrolled_on, True),
        }
        place, falls = orders.get(request.order_by, (lambda family: family.names, False))
        found.sort(key=lambda family: (place(family), family.family_id), reverse=falls != request.is_reversed)
        return [family.family_id for family in found]

    def at_risk(self, least: int) -> list[str]:
        """The ids of the enrolled families with at least this risk, what matters most first."""
        found = [each for each in self.by_id.values() if each.status == "ENROLLED" and each.risk >= least]
        found.sort(key=lambda each: (each.priority, each.risk, each.family_id), reverse=True)
        return [each.family_id for each in found]

    def found(self, term: str) -> list[str]:
        """The ids of the families with the term in a name, by name."""
        folded = fold_text(term)
        found = [each for each in self.by_id.values() if folded in each.names]
        return [each.family_id for each in sorted(found, key=lambda each: (each.names, each.family_id))]

    def tiers(self) -> list[tuple[str, int, float, float]]:
        """Tier, families, mean engagement, mean risk."""
        rows = []
        for tier in TIERS:
            found = [each for each in self.by_id.values() if (each.tier, each.status) == (tier, "ENROLLED")]
            rows.append((tier, len(found), _mean(e.engagement for e in found), _mean(e.risk for e in found)))
        return rows

    def report(self) -> list[tuple[str, str, int, float, int]]:
        """Month, tier, families enrolled, their mean engagement, families withdrawn."""
        rows = []
        for month in sorted({_month(family.enrolled_on) for family in self.by_id.values()}):
            for tier in TIERS:
                found = [e for e in self.by_id.values() if (_month(e.enrolled_on), e.tier) == (month, tier)]
                staying = [each.engagement for each in found if each.status == "ENROLLED"]
                if found:
                    rows.append((month, tier, len(staying), _mean(staying), len(found) - len(staying)))
        return rows

    def payment_months(self, on_date: date) -> list[dict[str, Any]]:
        """The rows of the analytics, newest month first, then by currency."""
        billed: defaultdict[tuple[str, str], list[tuple[str, PlainInvoice]]] = defaultdict(list)
        received: defaultdict[tuple[str, str], int] = defaultdict(int)
        for family in self.by_id.values():
            for invoice in family.invoices.values():
                if invoice.cents:
                    billed[_month(invoice.due), family.currency].append((family.family_id, invoice))
            for day, cents in family.payments:
                received[_month(day), family.currency] += cents
        keys = sorted(
            billed.keys() | {key for key, cents in received.items() if cents}, key=lambda key: key[1]
        )
        keys.sort(key=lambda key: key[0], reverse=True)
        return [
            {
                **_payment_month(billed[key], on_date),
                "month": key[0],
                "currency_code": key[1],
                "received_cents": received[key],
                "families_active": sum(_is_active(family, *key) for family in self.by_id.values()),
            }
            for key in keys
        ]


def _payment_month(billed: list[tuple[str, PlainInvoice]], on_date: date) -> dict[str, Any]:
    invoices = [invoice for _, invoice in billed]
    by_family: defaultdict[str, set[str]] = defaultdict(set)
    for family_id, invoice in billed:
        by_family[family_id].add(invoice.status(on_date))
    parts = [part for invoice in invoices for part in invoice.parts]
    days_late = [days for _, days, _ in parts]
    methods: defaultdict[str, list[int]] = defaultdict(list)
    for cents, _, method in parts:
        methods[method].append(cents)
    is_paid = {"PAID_ON_TIME", "PAID_LATE"}
    return {
        "families_paid_on_time": sum(found == {"PAID_ON_TIME"} for found in by_family.values()),
        "families_paid_late": sum(found <= is_paid and "PAID_LATE" in found for found in by_family.values()),
        "families_overdue": sum("OVERDUE" in found for found in by_family.values()),
        "families_due": sum("OPEN" in found and "OVERDUE" not in found for found in by_family.values()),
        "revenue_expected_cents": sum(invoice.cents for invoice in invoices),
        "revenue_collected_cents": sum(invoice.paid for invoice in invoices),
        "revenue_outstanding_cents": sum(invoice.unpaid for invoice in invoices),
        "revenue_overdue_cents": sum(invoice.overdue(on_date) for invoice in invoices),
        "avg_payment_days_late": _mean(days_late),
        "median_payment_days_late": statistics.median(days_late) if days_late else 0.0,
        "methods": sorted((-sum(cents), method, len(cents)) for method, cents in methods.items()),
        "families_billed": len(by_family),
    }


def _is_active(family: PlainFamily, month: str, currency: str) -> bool:
    left = family.withdrawn_on
    has_left = left is not None and _month(left) < month
    return family.currency == currency and _month(family.enrolled_on) <= month and not has_left


def _mean(numbers: Iterable[int]) -> float:
    found = list(numbers)
    return sum(found) / len(found) if found else 0.0


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _date(message: Date) -> date:
    return date(message.year, message.month, message.day)
