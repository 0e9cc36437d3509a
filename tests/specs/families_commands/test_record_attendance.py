"""RecordAttendance: whether the family came to an event."""

from typing import Any

import pytest
from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, TODAY, Given, day, refused, withdrawn
from write_service.families.family import FamilyNotFound, FamilyWithdrawn


def _record(**fields: Any) -> commands.RecordAttendanceRequest:
    return commands.RecordAttendanceRequest(family_id="lee", event="harvest", **fields)


@pytest.mark.parametrize("attended", [True, False])
def test_attendance_is_whether_the_family_came(attended: bool) -> None:
    recorded = events.AttendanceRecorded(
        family_id="lee", event="harvest", attended=attended, date=day("2023-10-01"), recorded_at=NOW
    )
    request = _record(attended=attended, date=day("2023-10-01"))
    outcome = Given(ENROLLED).when(request).then((STREAM, recorded))
    assert outcome.response == commands.RecordAttendanceResponse(family_id="lee", attended=attended)


def test_an_event_without_a_day_was_today() -> None:
    event: Any = Given(ENROLLED).when(_record()).events[0]
    assert event.date == day(TODAY)


def test_an_unknown_family_does_not_come() -> None:
    refused(Given(), _record(), FamilyNotFound, family_id="lee")


def test_attendance_up_to_the_last_day_may_be_recorded_later() -> None:
    Given(ENROLLED, withdrawn("2023-10-31")).when(_record(date=day("2023-10-31")))


def test_a_family_that_left_does_not_come() -> None:
    given = Given(ENROLLED, withdrawn("2023-10-31"))
    refused(given, _record(date=day("2023-11-01")), FamilyWithdrawn, family_id="lee")
    refused(given, _record(), FamilyWithdrawn, family_id="lee")
