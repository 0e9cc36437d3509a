"""Participation: logins, work for the co-op and its events, up to a family's last day."""

from datetime import date
from typing import Any

from diptych.families.v1.events_pb2 import AttendanceRecorded, LoginRecorded, VolunteerHoursRecorded
from diptych.families.v1.family_command_service_pb2 import (
    RecordAttendanceRequest,
    RecordLoginRequest,
    RecordVolunteerHoursRequest,
)
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.dates import day_of, today, written
from write_service.decider import Decision, States
from write_service.families.family import FAMILY, family_on


def record_login(request: RecordLoginRequest, states: States, now: Timestamp) -> Decision:
    day = _day_taken_part(request, states, now)
    event = LoginRecorded(family_id=request.family_id, date=written(day), recorded_at=now)
    return [(FAMILY.stream(request.family_id), event)]


def record_volunteer_hours(request: RecordVolunteerHoursRequest, states: States, now: Timestamp) -> Decision:
    day = _day_taken_part(request, states, now)
    event = VolunteerHoursRecorded(
        family_id=request.family_id, hours=request.hours, date=written(day), recorded_at=now
    )
    return [(FAMILY.stream(request.family_id), event)]


def record_attendance(request: RecordAttendanceRequest, states: States, now: Timestamp) -> Decision:
    day = _day_taken_part(request, states, now)
    event = AttendanceRecorded(
        family_id=request.family_id,
        event=request.event,
        attended=request.attended,
        date=written(day),
        recorded_at=now,
    )
    return [(FAMILY.stream(request.family_id), event)]


# Any: the stubs of generated messages share no type that says which fields there are.
def _day_taken_part(request: Any, states: States, now: Timestamp) -> date:
    """The day asked for or today; raise FamilyNotFound or FamilyWithdrawn."""
    day = day_of(request.date) if request.HasField("date") else today(now)
    family_on(states, request.family_id, day)
    return day
