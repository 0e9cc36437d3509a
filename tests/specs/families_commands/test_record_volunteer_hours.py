"""RecordVolunteerHours: the family worked for the co-op."""

from typing import Any

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, TODAY, Given, day, refused, withdrawn
from write_service.families.family import FamilyNotFound, FamilyWithdrawn


def _record(**fields: Any) -> commands.RecordVolunteerHoursRequest:
    return commands.RecordVolunteerHoursRequest(family_id="lee", hours=3, **fields)


def test_hours_have_a_day() -> None:
    recorded = events.VolunteerHoursRecorded(
        family_id="lee", hours=3, date=day("2023-10-01"), recorded_at=NOW
    )
    outcome = Given(ENROLLED).when(_record(date=day("2023-10-01"))).then((STREAM, recorded))
    assert outcome.response == commands.RecordVolunteerHoursResponse(family_id="lee", hours=3)


def test_hours_without_a_day_were_today() -> None:
    event: Any = Given(ENROLLED).when(_record()).events[0]
    assert event.date == day(TODAY)


def test_an_unknown_family_does_not_work() -> None:
    refused(Given(), _record(), FamilyNotFound, family_id="lee")


def test_hours_up_to_the_last_day_may_be_recorded_later() -> None:
    Given(ENROLLED, withdrawn("2023-10-31")).when(_record(date=day("2023-10-31")))


def test_a_family_that_left_does_not_work() -> None:
    given = Given(ENROLLED, withdrawn("2023-10-31"))
    refused(given, _record(date=day("2023-11-01")), FamilyWithdrawn, family_id="lee")
    refused(given, _record(), FamilyWithdrawn, family_id="lee")
