"""Families: what the rules remember of one, and who takes part."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from diptych.families.v1.events_pb2 import (
    AttendanceRecorded,
    ChildAdded,
    ContactRecorded,
    CoordinatorAssigned,
    EngagementScoreUpdated,
    FamilyEnrolled,
    InterventionRecommended,
    LoginRecorded,
    PaymentReceived,
    PreferredContactChannelSet,
    RiskScoreUpdated,
    TuitionInvoiced,
    VolunteerHoursRecorded,
)

# Not to be taken for the rejection of the same name.
from diptych.families.v1.events_pb2 import FamilyWithdrawn as FamilyWithdrawnEvent
from diptych.families.v1.views_pb2 import (
    FAMILY_STATUS_ENROLLED,
    FAMILY_STATUS_UNSPECIFIED,
    FAMILY_STATUS_WITHDRAWN,
    FamilyStatus,
)

from write_service.dates import day_of
from write_service.decider import AggregateNotFound, CommandRejected, Decider, States
from write_service.families.tuition_account import TuitionAccount, cancelled, invoiced, paid

FamilyEvent = (
    FamilyEnrolled
    | ChildAdded
    | TuitionInvoiced
    | PaymentReceived
    | EngagementScoreUpdated
    | RiskScoreUpdated
    | InterventionRecommended
    | ContactRecorded
    | PreferredContactChannelSet
    | CoordinatorAssigned
    | LoginRecorded
    | VolunteerHoursRecorded
    | AttendanceRecorded
    | FamilyWithdrawnEvent
)


class FamilyNotFound(AggregateNotFound):
    """Everything but enrolling is about a family that enrolled."""


class FamilyWithdrawn(CommandRejected):
    """A family that left takes no more part, and its id is not given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family as the rules see one; without a status there is none."""

    status: FamilyStatus.ValueType = FAMILY_STATUS_UNSPECIFIED
    currency_code: str = ""
    enrollment_date: date = date.min
    # The last day of the enrolment; none is after the default.
    last_day: date = date.max
    children_count: int = 0
    engagement_score: int = 0
    risk_score: int = 0
    account: TuitionAccount = field(default_factory=TuitionAccount)

    @property
    def exists(self) -> bool:
        return self.status != FAMILY_STATUS_UNSPECIFIED

    @property
    def is_withdrawn(self) -> bool:
        return self.status == FAMILY_STATUS_WITHDRAWN


def known_family(states: States, family_id: str) -> Family:
    """Raise FamilyNotFound when no family enrolled under this id."""
    family = states[FAMILY.stream(family_id)]
    if not family.exists:
        raise FamilyNotFound(f"family {family_id} does not exist", family_id=family_id)
    return family


def enrolled_family(states: States, family_id: str) -> Family:
    """Raise FamilyNotFound, or FamilyWithdrawn when the family has left."""
    family = known_family(states, family_id)
    if family.is_withdrawn:
        raise FamilyWithdrawn(f"family {family_id} has left", family_id=family_id)
    return family


def family_on(states: States, family_id: str, day: date) -> Family:
    """Raise FamilyNotFound, or FamilyWithdrawn when the family's last day was before this day."""
    family = known_family(states, family_id)
    if day > family.last_day:
        raise FamilyWithdrawn(
            f"the last day of family {family_id} was {family.last_day}, before {day}", family_id=family_id
        )
    return family


def evolve(family: Family, event: FamilyEvent) -> Family:  # noqa: PLR0911 - a case an event
    match event:
        case PaymentReceived():
            return replace(family, account=paid(family.account, event))
        case TuitionInvoiced():
            return replace(family, account=invoiced(family.account, event))
        case RiskScoreUpdated():
            return replace(family, risk_score=event.new_score)
        case EngagementScoreUpdated():
            return replace(family, engagement_score=event.new_score)
        case ChildAdded():
            return replace(family, children_count=family.children_count + 1)
        case FamilyEnrolled():
            return replace(
                family,
                status=FAMILY_STATUS_ENROLLED,
                currency_code=event.currency_code,
                enrollment_date=day_of(event.enrollment_date),
            )
        case FamilyWithdrawnEvent():
            return replace(
                family,
                status=FAMILY_STATUS_WITHDRAWN,
                last_day=day_of(event.date),
                account=cancelled(family.account, event),
            )
        case (
            InterventionRecommended()
            | ContactRecorded()
            | PreferredContactChannelSet()
            | CoordinatorAssigned()
            | LoginRecorded()
            | VolunteerHoursRecorded()
            | AttendanceRecorded()
        ):
            return family
        case _:
            assert_never(event)


FAMILY = Decider(
    category="family",
    initial=Family(),
    evolve=evolve,
    events=(
        FamilyEnrolled,
        ChildAdded,
        TuitionInvoiced,
        PaymentReceived,
        EngagementScoreUpdated,
        RiskScoreUpdated,
        InterventionRecommended,
        ContactRecorded,
        PreferredContactChannelSet,
        CoordinatorAssigned,
        LoginRecorded,
        VolunteerHoursRecorded,
        AttendanceRecorded,
        FamilyWithdrawnEvent,
    ),
)
