"""Everything about one family but what depends on the day that it is looked at."""

from diptych.families.v1.events_pb2 import (
    AttendanceRecorded,
    ChildAdded,
    ContactRecorded,
    CoordinatorAssigned,
    EngagementScoreUpdated,
    FamilyEnrolled,
    FamilyWithdrawn,
    InterventionRecommended,
    LoginRecorded,
    PaymentReceived,
    PreferredContactChannelSet,
    RiskScoreUpdated,
    TuitionInvoiced,
    VolunteerHoursRecorded,
)
from diptych.families.v1.scores_pb2 import RISK_TIER_LOW
from diptych.families.v1.views_pb2 import FAMILY_STATUS_ENROLLED, FAMILY_STATUS_WITHDRAWN, FamilyDetails
from google.protobuf.message import Message

from projector.dates import is_before
from projector.families.outreach import end_recommendation, follow_up, score_risk
from projector.projection import ReadModel


def evolve(view: FamilyDetails, event: Message) -> FamilyDetails:
    match event:
        case TuitionInvoiced():
            _invoice(view, event)
        case PaymentReceived():
            _pay(view, event)
        case RiskScoreUpdated():
            score_risk(view, event)
        case EngagementScoreUpdated():
            view.engagement_score = event.new_score
            view.ClearField("engagement_factors")
            view.engagement_factors.extend(event.factors)
        case FamilyEnrolled():
            _enrol(view, event)
        case ChildAdded():
            view.children.add(name=event.name).birth_date.CopyFrom(event.birth_date)
            view.children_count += 1
        case LoginRecorded() | VolunteerHoursRecorded() | AttendanceRecorded():
            _take_part(view, event)
        case (
            InterventionRecommended()
            | ContactRecorded()
            | PreferredContactChannelSet()
            | CoordinatorAssigned()
        ):
            follow_up(view, event)
        case FamilyWithdrawn():
            _withdraw(view, event)
        case _:
            return view
    return view


def _enrol(view: FamilyDetails, event: FamilyEnrolled) -> None:
    view.family_id = event.family_id
    view.family_name = event.family_name
    view.enrollment_date.CopyFrom(event.enrollment_date)
    view.status = FAMILY_STATUS_ENROLLED
    view.risk_tier = RISK_TIER_LOW
    view.parent_name = event.parent_name
    view.email = event.email
    view.phone = event.phone
    view.currency_code = event.currency_code


def _invoice(view: FamilyDetails, event: TuitionInvoiced) -> None:
    credit = sum(application.amount_cents for application in event.credits)
    view.invoiced_cents += event.amount_cents
    view.outstanding_cents += event.amount_cents - credit
    view.credit_cents -= credit
    _count_allocations(view, len(event.credits), 0)


def _pay(view: FamilyDetails, event: PaymentReceived) -> None:
    view.total_paid_cents += event.amount_cents
    view.payment_count += 1
    if is_before(view.last_payment_date, event.received_date):
        view.last_payment_date.CopyFrom(event.received_date)
    view.outstanding_cents -= sum(allocation.amount_cents for allocation in event.allocations)
    view.credit_cents += event.credit_cents
    days_late = sum(allocation.days_late for allocation in event.allocations)
    _count_allocations(view, len(event.allocations), days_late)


def _count_allocations(view: FamilyDetails, count: int, days_late: int) -> None:
    if count:
        view.allocation_count += count
        view.days_late_sum += days_late
        view.avg_payment_days_late = view.days_late_sum / view.allocation_count


def _take_part(
    view: FamilyDetails, event: LoginRecorded | VolunteerHoursRecorded | AttendanceRecorded
) -> None:
    match event:
        case LoginRecorded():
            if is_before(view.last_login_date, event.date):
                view.last_login_date.CopyFrom(event.date)
        case VolunteerHoursRecorded():
            view.volunteer_hours += event.hours
        case AttendanceRecorded():
            view.events_invited += 1
            view.events_attended += event.attended
            view.event_attendance_rate = 100 * view.events_attended / view.events_invited


def _withdraw(view: FamilyDetails, event: FamilyWithdrawn) -> None:
    cancelled = sum(cancellation.cancelled_cents for cancellation in event.cancellations)
    view.status = FAMILY_STATUS_WITHDRAWN
    view.withdrawal_date.CopyFrom(event.date)
    view.withdrawal_reason = event.reason
    view.invoiced_cents -= cancelled
    view.outstanding_cents -= cancelled
    end_recommendation(view)


FAMILY_DETAILS = ReadModel(name="family_details", category="family", view=FamilyDetails, evolve=evolve)
