"""From the first day to the last: enrolling a family, its children, and its withdrawal."""

from diptych.families.v1.events_pb2 import ChildAdded, FamilyEnrolled
from diptych.families.v1.events_pb2 import FamilyWithdrawn as FamilyWithdrawnEvent
from diptych.families.v1.family_command_service_pb2 import (
    AddChildRequest,
    EnrollFamilyRequest,
    WithdrawFamilyRequest,
)
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.dates import day_of, today, written
from write_service.decider import AggregateExists, CommandRejected, Decision, States
from write_service.families.family import FAMILY, enrolled_family
from write_service.families.tuition_account import cancellations

DEFAULT_CURRENCY_CODE = "USD"


class FamilyAlreadyEnrolled(AggregateExists):
    """A family's id is given once."""


class BirthDateInFuture(CommandRejected):
    """A child is born by today in UTC."""


class WithdrawalBeforeEnrollment(CommandRejected):
    """A family leaves on the day it enrolled or later."""


def enroll_family(request: EnrollFamilyRequest, states: States, now: Timestamp) -> Decision:
    stream = FAMILY.stream(request.family_id)
    if states[stream].exists:
        enrolled_family(states, request.family_id)
        raise FamilyAlreadyEnrolled(
            f"family {request.family_id} is enrolled already", family_id=request.family_id
        )
    event = FamilyEnrolled(
        family_id=request.family_id,
        family_name=request.family_name,
        enrollment_date=request.enrollment_date,
        parent_name=request.parent_name,
        email=request.email,
        phone=request.phone,
        currency_code=request.currency_code or DEFAULT_CURRENCY_CODE,
        enrolled_at=now,
    )
    return [(stream, event)]


def add_child(request: AddChildRequest, states: States, now: Timestamp) -> Decision:
    enrolled_family(states, request.family_id)
    if day_of(request.birth_date) > today(now):
        raise BirthDateInFuture(
            f"a child of family {request.family_id} would be born after today, {today(now)} in UTC",
            family_id=request.family_id,
        )
    event = ChildAdded(
        family_id=request.family_id, name=request.name, birth_date=request.birth_date, added_at=now
    )
    return [(FAMILY.stream(request.family_id), event)]


def withdraw_family(request: WithdrawFamilyRequest, states: States, now: Timestamp) -> Decision:
    family = enrolled_family(states, request.family_id)
    last_day = day_of(request.date) if request.HasField("date") else today(now)
    if last_day < family.enrollment_date:
        raise WithdrawalBeforeEnrollment(
            f"family {request.family_id} would leave on {last_day},"
            f" before its first day, {family.enrollment_date}",
            family_id=request.family_id,
        )
    event = FamilyWithdrawnEvent(
        family_id=request.family_id,
        date=written(last_day),
        reason=request.reason,
        cancellations=cancellations(family.account, last_day),
        withdrawn_at=now,
    )
    return [(FAMILY.stream(request.family_id), event)]
