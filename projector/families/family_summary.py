"""A family as a row of a list: in every filter, in search, and counted by tier and by month of enrolment."""

from collections.abc import Iterable

from diptych.families.v1.events_pb2 import (
    ChildAdded,
    EngagementScoreUpdated,
    FamilyEnrolled,
    FamilyWithdrawn,
    PaymentReceived,
    RiskScoreUpdated,
    TuitionInvoiced,
)
from diptych.families.v1.scores_pb2 import RISK_TIER_LOW, RiskTier
from diptych.families.v1.views_pb2 import (
    FAMILY_STATUS_ENROLLED,
    FAMILY_STATUS_WITHDRAWN,
    FamilyStatus,
    FamilySummary,
)
from google.protobuf.message import Message

from projector.dates import days_since_1970, is_before, month_text
from projector.projection import ReadModel, Tally

_STATUS_NAMES = {number: name.removeprefix("FAMILY_STATUS_") for name, number in FamilyStatus.items()}
_TIER_NAMES = {number: name.removeprefix("RISK_TIER_") for name, number in RiskTier.items()}


def evolve(view: FamilySummary, event: Message) -> FamilySummary:
    match event:
        case TuitionInvoiced():
            credit = sum(application.amount_cents for application in event.credits)
            view.outstanding_cents += event.amount_cents - credit
        case PaymentReceived():
            _pay(view, event)
        case RiskScoreUpdated():
            view.risk_score = event.new_score
            view.risk_tier = event.risk_tier
        case EngagementScoreUpdated():
            view.engagement_score = event.new_score
        case FamilyEnrolled():
            _enrol(view, event)
        case ChildAdded():
            view.children_names.append(event.name)
            view.children_count += 1
        case FamilyWithdrawn():
            view.status = FAMILY_STATUS_WITHDRAWN
            view.withdrawal_date.CopyFrom(event.date)
            view.outstanding_cents -= sum(each.cancelled_cents for each in event.cancellations)
        case _:
            return view
    return view


def _enrol(view: FamilySummary, event: FamilyEnrolled) -> None:
    view.family_id = event.family_id
    view.family_name = event.family_name
    view.status = FAMILY_STATUS_ENROLLED
    view.enrollment_date.CopyFrom(event.enrollment_date)
    view.risk_tier = RISK_TIER_LOW
    view.currency_code = event.currency_code


def _pay(view: FamilySummary, event: PaymentReceived) -> None:
    view.total_paid_cents += event.amount_cents
    view.outstanding_cents -= sum(allocation.amount_cents for allocation in event.allocations)
    if is_before(view.last_payment_date, event.received_date):
        view.last_payment_date.CopyFrom(event.received_date)


def indexes(view: FamilySummary) -> Iterable[tuple[str, int | str]]:
    status, tier = _STATUS_NAMES[view.status], _TIER_NAMES[view.risk_tier]
    orders = (
        ("risk", view.risk_score),
        ("engagement", view.engagement_score),
        ("enrolled", days_since_1970(view.enrollment_date)),
    )
    for order, score in orders:
        yield order, score
        yield f"{order}/status/{status}", score
        yield f"{order}/tier/{tier}", score
    yield "family_search", "\n".join((view.family_name, *view.children_names))


def tallies(view: FamilySummary) -> Iterable[Tally]:
    tier, currency = _TIER_NAMES[view.risk_tier], view.currency_code
    month = month_text(view.enrollment_date)
    yield ("active", month, f"enrolled|{currency}"), 1
    if view.status == FAMILY_STATUS_WITHDRAWN:
        yield ("active", month_text(view.withdrawal_date), f"withdrawn|{currency}"), 1
        yield ("enrollment", month, f"withdrawn|{tier}"), 1
        return
    yield ("enrollment", month, f"families|{tier}"), 1
    yield ("enrollment", month, f"engagement|{tier}"), view.engagement_score
    yield ("tiers", "all", f"families|{tier}"), 1
    yield ("tiers", "all", f"engagement|{tier}"), view.engagement_score
    yield ("tiers", "all", f"risk|{tier}"), view.risk_score


FAMILY_SUMMARY = ReadModel(
    name="family_summary",
    category="family",
    view=FamilySummary,
    evolve=evolve,
    indexes=indexes,
    tallies=tallies,
    contributing_events=(
        FamilyEnrolled,
        ChildAdded,
        EngagementScoreUpdated,
        RiskScoreUpdated,
        FamilyWithdrawn,
    ),
)
