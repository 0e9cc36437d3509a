"""What events of families come to, as plain data made straight from the list of them: documents, places in
indexes, tallies. It shares nothing with the projector, which must come to the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from diptych.families.v1 import events_pb2 as events

from tests.family_facts import Document, Family, Happened
from tests.family_places import (
    FLOORS,
    Tallies,
    account_tallies,
    at_risk_scores,
    summary_scores,
    summary_tallies,
)
from tests.plain import plain


@dataclass(slots=True)
class Folded:
    """documents: (view, id) -> fields. scores: (index, id) -> score. texts: (text index, id) -> text."""

    families: dict[str, Family] = field(default_factory=dict)
    documents: dict[tuple[str, str], Document] = field(default_factory=dict)
    scores: dict[tuple[str, str], int] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=Counter)


def fold(log: Iterable[Happened]) -> Folded:
    """All that the read models of families hold after these events; tallies without zeros."""
    found, happened = Folded(), defaultdict[str, list[Happened]](list)
    for event, at in log:
        happened[getattr(event, "family_id")].append((event, at))  # noqa: B009 - all events have it
    for id_, its in happened.items():
        family = found.families[id_] = Family(its)
        documents = {
            "family_details": details(family),
            "family_summary": summary(family),
            "at_risk_family": at_risk(family),
            "tuition_account": account(family),
        }
        found.documents.update({(view, id_): document for view, document in documents.items()})
        places = {
            **summary_scores(documents["family_summary"]),
            **at_risk_scores(documents["at_risk_family"]),
        }
        found.scores.update({(index, id_): score for index, score in places.items()})
        names = (family.enrolled.family_name, *(child.name for child in family.all(events.ChildAdded)))
        found.texts["family_search", id_] = "\n".join(names)
        found.tallies.update(summary_tallies(documents["family_summary"]))
        found.tallies.update(account_tallies(documents["tuition_account"]))
    found.tallies = Counter({key: amount for key, amount in found.tallies.items() if amount})
    return found


def details(family: Family) -> Document:
    """FamilyDetails, without what depends on the day."""
    money, parts = family.money(), family.parts
    days_late = sum(part.days_late for part in parts)
    attended = [event.attended for event in family.all(events.AttendanceRecorded)]
    factors = family.last(events.EngagementScoreUpdated)
    children = [
        {"name": child.name, "birth_date": plain(child.birth_date), "age": 0}
        for child in family.all(events.ChildAdded)
    ]
    return {
        **_who(family),
        **_scores(family),
        **_care(family),
        "enrollment_date": plain(family.enrolled.enrollment_date),
        "children_count": len(children),
        "children": children,
        "oldest_child_age": None,
        "total_paid_cents": money["received"],
        "payment_count": len(family.all(events.PaymentReceived)),
        "last_payment_date": _last_payment(family),
        "avg_payment_days_late": days_late / len(parts) if parts else 0.0,
        "last_login_date": max((plain(each.date) for each in family.all(events.LoginRecorded)), default=None),
        "volunteer_hours": sum(each.hours for each in family.all(events.VolunteerHoursRecorded)),
        "event_attendance_rate": 100 * sum(attended) / len(attended) if attended else None,
        "parent_name": family.enrolled.parent_name,
        "email": family.enrolled.email,
        "phone": family.enrolled.phone,
        "currency_code": family.enrolled.currency_code,
        "invoiced_cents": money["invoiced"],
        "outstanding_cents": money["outstanding"],
        "overdue_cents": 0,
        "credit_cents": money["credit"],
        "events_invited": len(attended),
        "events_attended": sum(attended),
        "engagement_factors": [plain(each) for each in factors.factors] if factors else [],
        "withdrawal_date": plain(family.withdrawn.date) if family.withdrawn else None,
        "withdrawal_reason": family.withdrawn.reason if family.withdrawn else "",
        "allocation_count": len(parts),
        "days_late_sum": days_late,
    }


def summary(family: Family) -> Document:
    """FamilySummary."""
    children = [child.name for child in family.all(events.ChildAdded)]
    scores, money = _scores(family), family.money()
    return {
        **_who(family),
        **{name: scores[name] for name in ("engagement_score", "risk_score", "risk_tier")},
        "enrollment_date": plain(family.enrolled.enrollment_date),
        "children_count": len(children),
        "children_names": children,
        "total_paid_cents": money["received"],
        "outstanding_cents": money["outstanding"],
        "currency_code": family.enrolled.currency_code,
        "last_payment_date": _last_payment(family),
        "withdrawal_date": plain(family.withdrawn.date) if family.withdrawn else None,
    }


def at_risk(family: Family) -> Document:
    """AtRiskFamily, without what depends on the day."""
    scores = _scores(family)
    return {
        **_who(family),
        **_care(family),
        **{name: scores[name] for name in ("risk_score", "risk_tier", "risk_factors")},
        "highest_risk_score": max(
            (event.new_score for event in family.all(events.RiskScoreUpdated)), default=0
        ),
    }


def account(family: Family) -> Document:
    """TuitionAccount, without what depends on the day."""
    money, who = family.money(), _who(family)
    return {
        **{name: who[name] for name in ("family_id", "version", "last_updated")},
        "currency_code": family.enrolled.currency_code,
        "invoices": family.invoices(),
        "payments": [
            {
                "transaction_id": event.transaction_id,
                "amount_cents": event.amount_cents,
                "received_date": plain(event.received_date),
                "payment_method": event.payment_method,
                "allocations": [plain(each) for each in event.allocations],
                "credit_cents": event.credit_cents,
            }
            for event in family.all(events.PaymentReceived)
        ],
        "invoiced_cents": money["invoiced"],
        "collected_cents": money["collected"],
        "outstanding_cents": money["outstanding"],
        "overdue_cents": 0,
        "credit_cents": money["credit"],
    }


def _who(family: Family) -> Document:
    return {
        "family_id": family.enrolled.family_id,
        "family_name": family.enrolled.family_name,
        "status": "WITHDRAWN" if family.withdrawn else "ENROLLED",
        "version": len(family.happened),
        "last_updated": family.happened[-1][1],
    }


def _scores(family: Family) -> Document:
    risk = family.last(events.RiskScoreUpdated)
    engagement = family.last(events.EngagementScoreUpdated)
    score = risk.new_score if risk else 0
    tier = [name for floor, name in FLOORS.items() if score >= floor][-1]
    return {
        "engagement_score": engagement.new_score if engagement else 0,
        "risk_score": score,
        "risk_tier": tier,
        "risk_factors": [plain(each) for each in risk.risk_factors] if risk else [],
    }


def _care(family: Family) -> Document:
    advice = None if family.withdrawn else family.last(events.InterventionRecommended)
    has_date = advice is not None and advice.HasField("predicted_withdrawal_date")
    # Of contacts on one day the last one counts: sorting is stable.
    contacts = sorted(family.all(events.ContactRecorded), key=lambda event: str(plain(event.date)))
    channel = family.last(events.PreferredContactChannelSet)
    coordinator = family.last(events.CoordinatorAssigned)
    return {
        "recommended_intervention": advice.intervention if advice else "",
        "intervention_priority": advice.priority if advice else 0,
        "predicted_withdrawal_date": plain(advice.predicted_withdrawal_date) if advice and has_date else None,
        "days_until_predicted_withdrawal": None,
        "last_contact_date": plain(contacts[-1].date) if contacts else None,
        "last_contact_method": contacts[-1].method if contacts else "",
        "days_since_contact": None,
        "preferred_contact_channel": channel.channel if channel else "",
        "assigned_coordinator": coordinator.coordinator if coordinator else "",
    }


def _last_payment(family: Family) -> Any:
    return max((plain(each.received_date) for each in family.all(events.PaymentReceived)), default=None)
