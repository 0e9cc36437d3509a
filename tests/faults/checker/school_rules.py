"""What may be decided about families, in plain words of its own: it shares nothing with the write service."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import views_pb2 as views

_TIERS = (("CRITICAL", 85), ("HIGH", 70), ("MEDIUM", 40), ("LOW", 0))
# What also a family that has left can have.
_AFTERWARDS = (events.PaymentReceived, events.ContactRecorded, events.PreferredContactChannelSet)
# What a family that has left can have up to its last day.
_BY_DAY = (events.LoginRecorded, events.VolunteerHoursRecorded, events.AttendanceRecorded)


@dataclass(slots=True)
class _Family:
    """`invoices` are their days and rests by id, as issued; `credits` methods and rests, as received."""

    status: int = 0
    currency: str = ""
    enrolled_on: date = date.min
    last_day: date = date.max
    children: int = 0
    engagement: int = 0
    risk: int = 0
    invoices: dict[str, tuple[date, int]] = field(default_factory=dict)
    credits: dict[str, tuple[str, int]] = field(default_factory=dict)
    transactions: set[str] = field(default_factory=set)

    def in_turn(self, first_id: str = "") -> list[tuple[str, int]]:
        """The rests of invoices in the order in which payments go to them."""
        its = sorted(self.invoices.items(), key=lambda each: (each[0] != first_id, each[1][0]))
        return [(id_, rest) for id_, (_, rest) in its if rest]

    def outstanding(self) -> int:
        return sum(rest for _, rest in self.invoices.values())

    def credit(self) -> int:
        return sum(rest for _, rest in self.credits.values())


class School:
    """Families as they are after the events taken so far."""

    def __init__(self) -> None:
        self._families = defaultdict[str, _Family](_Family)

    def take(self, group: Sequence[Any], request: Any) -> Iterator[str]:
        """Take one command's events; say what was not so when they were decided. The request may be None."""
        event, *others = group
        family = self._families[event.family_id]
        if others:
            yield f"{len(others)} events too many"
        yield from _refused(family, event)
        if request is not None and isinstance(event, events.FamilyEnrolled):
            yield from _unlike("currency", event.currency_code, request.currency_code or "USD")
        for message in group:
            _apply(family, message)

    def facts(self, event: Any) -> dict[str, Any]:
        """What an answer says of the event's family, now."""
        family = self._families[event.family_id]
        return {
            "status": family.status,
            "currency_code": family.currency,
            "children_count": family.children,
            "outstanding_cents": family.outstanding(),
            "credit_cents": family.credit(),
            "credit_applied_cents": sum(each.amount_cents for each in getattr(event, "credits", ())),
            "cancelled_cents": sum(each.cancelled_cents for each in getattr(event, "cancellations", ())),
        }


def _refused(family: _Family, event: Any) -> Iterator[str]:
    if isinstance(event, events.FamilyEnrolled):
        if family.status:
            yield "the family was there"
        return
    if not family.status:
        yield "no such family"
    has_left = family.status == views.FAMILY_STATUS_WITHDRAWN
    if isinstance(event, _BY_DAY):
        has_left = _day(event.date) > family.last_day
    if has_left and not isinstance(event, _AFTERWARDS):
        yield "the family had left"
    yield from _refused_for_what_it_says(family, event)


def _refused_for_what_it_says(family: _Family, event: Any) -> Iterator[str]:
    match event:
        case events.ChildAdded() if _day(event.birth_date) > event.added_at.ToDatetime(UTC).date():
            yield "the child was not born yet"
        case events.TuitionInvoiced():
            yield from _invoice_refused(family, event)
        case events.PaymentReceived():
            yield from _payment_refused(family, event)
        case events.EngagementScoreUpdated():
            yield from _unlike("old score", event.old_score, family.engagement)
        case events.RiskScoreUpdated():
            yield from _risk_refused(family, event)
        case events.FamilyWithdrawn():
            yield from _withdrawal_refused(family, event)


def _invoice_refused(family: _Family, event: Any) -> Iterator[str]:
    if event.invoice_id in family.invoices:
        yield "the invoice was there"
    yield from _unlike("currency", event.currency_code, family.currency)
    rests = [(transaction, rest) for transaction, (_, rest) in family.credits.items() if rest]
    right = [
        (transaction, family.credits[transaction][0], cents)
        for transaction, cents in _shared(rests, event.amount_cents)
    ]
    said = [(each.transaction_id, each.payment_method, each.amount_cents) for each in event.credits]
    yield from _unlike("credits", said, right)


def _payment_refused(family: _Family, event: Any) -> Iterator[str]:
    if event.transaction_id in family.transactions:
        yield "the transaction paid before"
    if event.invoice_id and event.invoice_id not in family.invoices:
        yield "no such invoice"
    yield from _unlike("currency", event.currency_code, family.currency)
    received = _day(event.received_date)
    right = [
        (id_, cents, max(0, (received - family.invoices[id_][0]).days))
        for id_, cents in _shared(family.in_turn(event.invoice_id), event.amount_cents)
    ]
    said = [(each.invoice_id, each.amount_cents, each.days_late) for each in event.allocations]
    yield from _unlike("allocations", said, right)
    surplus = event.amount_cents - sum(cents for _, cents, _ in right)
    yield from _unlike("credit", event.credit_cents, surplus)


def _risk_refused(family: _Family, event: Any) -> Iterator[str]:
    yield from _unlike("old score", event.old_score, family.risk)
    tier = next(name for name, floor in _TIERS if event.new_score >= floor)
    said = event.DESCRIPTOR.fields_by_name["risk_tier"].enum_type.values_by_number[event.risk_tier].name
    yield from _unlike("tier", said, f"RISK_TIER_{tier}")


def _withdrawal_refused(family: _Family, event: Any) -> Iterator[str]:
    last_day = _day(event.date)
    if last_day < family.enrolled_on:
        yield "it left before it came"
    right = [(id_, rest) for id_, rest in family.in_turn() if family.invoices[id_][0] > last_day]
    said = [(each.invoice_id, each.cancelled_cents) for each in event.cancellations]
    yield from _unlike("cancellations", said, right)


def _apply(family: _Family, event: Any) -> None:
    match event:
        case events.FamilyEnrolled():
            family.status, family.currency = views.FAMILY_STATUS_ENROLLED, event.currency_code
            family.enrolled_on = _day(event.enrollment_date)
        case events.ChildAdded():
            family.children += 1
        case events.EngagementScoreUpdated():
            family.engagement = event.new_score
        case events.RiskScoreUpdated():
            family.risk = event.new_score
        case events.FamilyWithdrawn():
            family.status, family.last_day = views.FAMILY_STATUS_WITHDRAWN, _day(event.date)
            for each in event.cancellations:
                _settle(family, each.invoice_id, each.cancelled_cents)
        case _:
            _apply_money(family, event)


def _apply_money(family: _Family, event: Any) -> None:
    match event:
        case events.TuitionInvoiced():
            paid = 0
            for each in event.credits:
                method, rest = family.credits.get(each.transaction_id, ("", 0))
                family.credits[each.transaction_id] = method, rest - each.amount_cents
                paid += each.amount_cents
            family.invoices[event.invoice_id] = _day(event.due_date), event.amount_cents - paid
        case events.PaymentReceived():
            family.transactions.add(event.transaction_id)
            for share in event.allocations:
                _settle(family, share.invoice_id, share.amount_cents)
            if event.credit_cents:
                family.credits[event.transaction_id] = event.payment_method, event.credit_cents


def _settle(family: _Family, invoice_id: str, cents: int) -> None:
    due, rest = family.invoices.get(invoice_id, (date.min, 0))
    family.invoices[invoice_id] = due, rest - cents


def _shared(rests: Iterable[tuple[str, int]], cents: int) -> Iterator[tuple[str, int]]:
    """An amount, shared among rests one after the other."""
    for id_, rest in rests:
        if cents <= 0:
            return
        yield id_, min(rest, cents)
        cents -= min(rest, cents)


def _unlike(what: str, said: object, right: object) -> Iterator[str]:
    if said != right:
        yield f"{what} {said!r}, it was {right!r}"


def _day(message: Any) -> date:
    return date(message.year or 1, message.month or 1, message.day or 1)
