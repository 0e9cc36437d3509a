"""Events of the families domain for tests."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import scores_pb2 as scores
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

START = datetime(2024, 1, 1, 8, 0, tzinfo=UTC)
SMITH = "smith"
# Invoice, cents, days late.
Part = tuple[str, int, int]
# Transaction, payment method, cents.
Credit = tuple[str, str, int]


def day(text: str | date) -> Date:
    """2024-01-31 as a message."""
    found = date.fromisoformat(str(text))
    return Date(year=found.year, month=found.month, day=found.day)


def now() -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(START)
    return stamp


def tier_of(score: int) -> "scores.RiskTier.ValueType":
    """The tier of a risk score, as the contract has it."""
    name = "CRITICAL" if score >= 85 else "HIGH" if score >= 70 else "MEDIUM" if score >= 40 else "LOW"
    return scores.RiskTier.Value(f"RISK_TIER_{name}")


def factor(name: str, points: int) -> scores.ScoreFactor:
    return scores.ScoreFactor(name=name, points=points, note=f"about {name}")


def enrolled(
    family_id: str = SMITH,
    *,
    name: str = "Smith",
    on: str | date = "2024-01-01",
    currency_code: str = "USD",
) -> events.FamilyEnrolled:
    return events.FamilyEnrolled(
        family_id=family_id,
        family_name=name,
        enrollment_date=day(on),
        parent_name=f"Pat {name}",
        email=f"{family_id}@example.com",
        phone="+1 555",
        currency_code=currency_code,
        enrolled_at=now(),
    )


def child_added(name: str, born: str | date, *, family_id: str = SMITH) -> events.ChildAdded:
    return events.ChildAdded(family_id=family_id, name=name, birth_date=day(born), added_at=now())


def invoiced(
    invoice_id: str,
    cents: int,
    due: str | date,
    *credits_: Credit,
    family_id: str = SMITH,
    currency_code: str = "USD",
) -> events.TuitionInvoiced:
    return events.TuitionInvoiced(
        family_id=family_id,
        invoice_id=invoice_id,
        amount_cents=cents,
        currency_code=currency_code,
        due_date=day(due),
        credits=[
            events.CreditApplication(transaction_id=transaction, payment_method=method, amount_cents=part)
            for transaction, method, part in credits_
        ],
        invoiced_at=now(),
    )


def paid(
    transaction_id: str,
    received: str | date,
    *parts: Part,
    credit_cents: int = 0,
    method: str = "card",
    invoice_id: str = "",
    family_id: str = SMITH,
    currency_code: str = "USD",
) -> events.PaymentReceived:
    """A payment of as much as its parts and the credit come to."""
    return events.PaymentReceived(
        family_id=family_id,
        transaction_id=transaction_id,
        amount_cents=sum(cents for _, cents, _ in parts) + credit_cents,
        currency_code=currency_code,
        received_date=day(received),
        payment_method=method,
        invoice_id=invoice_id,
        allocations=[
            events.PaymentAllocation(invoice_id=invoice, amount_cents=cents, days_late=days)
            for invoice, cents, days in parts
        ],
        credit_cents=credit_cents,
        recorded_at=now(),
    )


def engagement(old: int, new: int, *, family_id: str = SMITH) -> events.EngagementScoreUpdated:
    return events.EngagementScoreUpdated(
        family_id=family_id,
        old_score=old,
        new_score=new,
        factors=[factor("logins", new)],
        updated_at=now(),
    )


def risk(old: int, new: int, *, family_id: str = SMITH) -> events.RiskScoreUpdated:
    return events.RiskScoreUpdated(
        family_id=family_id,
        old_score=old,
        new_score=new,
        risk_tier=tier_of(new),
        risk_factors=[factor("months_late", new)],
        updated_at=now(),
    )


def recommended(
    intervention: str, priority: int, leaving: str | date | None = None, *, family_id: str = SMITH
) -> events.InterventionRecommended:
    return events.InterventionRecommended(
        family_id=family_id,
        intervention=intervention,
        priority=priority,
        predicted_withdrawal_date=None if leaving is None else day(leaving),
        recommended_at=now(),
    )


def contacted(on: str | date, method: str = "phone", *, family_id: str = SMITH) -> events.ContactRecorded:
    return events.ContactRecorded(family_id=family_id, date=day(on), method=method, recorded_at=now())


def prefers(channel: str, *, family_id: str = SMITH) -> events.PreferredContactChannelSet:
    return events.PreferredContactChannelSet(family_id=family_id, channel=channel, set_at=now())


def assigned(coordinator: str, *, family_id: str = SMITH) -> events.CoordinatorAssigned:
    return events.CoordinatorAssigned(family_id=family_id, coordinator=coordinator, assigned_at=now())


def logged_in(on: str | date, *, family_id: str = SMITH) -> events.LoginRecorded:
    return events.LoginRecorded(family_id=family_id, date=day(on), recorded_at=now())


def volunteered(hours: int, on: str | date, *, family_id: str = SMITH) -> events.VolunteerHoursRecorded:
    return events.VolunteerHoursRecorded(family_id=family_id, hours=hours, date=day(on), recorded_at=now())


def attended(is_attended: bool, on: str | date, *, family_id: str = SMITH) -> events.AttendanceRecorded:
    return events.AttendanceRecorded(
        family_id=family_id, event="fair", attended=is_attended, date=day(on), recorded_at=now()
    )


def withdrawn(
    on: str | date, *cancellations: tuple[str, int], family_id: str = SMITH
) -> events.FamilyWithdrawn:
    return events.FamilyWithdrawn(
        family_id=family_id,
        date=day(on),
        reason="moved away",
        cancellations=[
            events.InvoiceCancellation(invoice_id=invoice, cancelled_cents=cents)
            for invoice, cents in cancellations
        ],
        withdrawn_at=now(),
    )


def family_stream_of(event: Message) -> tuple[str, str]:
    """The event's stream and its category."""
    return f"family-{getattr(event, 'family_id')}", "family"  # noqa: B009 - all events of the domain have it


def one_of_each() -> Sequence[Message]:
    """A short history with every event type once."""
    return (
        enrolled(),
        child_added("Zoë", "2015-05-01"),
        invoiced("2024-01", 500, "2024-01-15"),
        paid("t1", "2024-01-20", ("2024-01", 500, 5), credit_cents=100),
        engagement(0, 55),
        risk(0, 72),
        recommended("call", 3, "2024-06-01"),
        contacted("2024-01-10"),
        prefers("e-mail"),
        assigned("Robin"),
        logged_in("2024-01-03"),
        volunteered(4, "2024-01-04"),
        attended(True, "2024-01-05"),
        withdrawn("2024-02-01"),
    )
