"""RecordContact: somebody talked with the family, whether it takes part or has left."""

from typing import Any

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, TODAY, Given, day, refused, withdrawn
from write_service.families.family import FamilyNotFound


def _record(**fields: Any) -> commands.RecordContactRequest:
    return commands.RecordContactRequest(family_id="lee", method="phone", **fields)


def test_a_contact_has_a_day_and_a_method() -> None:
    recorded = events.ContactRecorded(
        family_id="lee", date=day("2023-10-01"), method="phone", recorded_at=NOW
    )
    outcome = Given(ENROLLED).when(_record(date=day("2023-10-01"))).then((STREAM, recorded))
    assert outcome.response == commands.RecordContactResponse(family_id="lee", date=day("2023-10-01"))


def test_a_contact_without_a_day_was_today() -> None:
    assert Given(ENROLLED).when(_record()).response.date == day(TODAY)


def test_a_family_that_left_may_be_talked_with() -> None:
    Given(ENROLLED, withdrawn("2023-10-01")).when(_record())


def test_nobody_talks_with_an_unknown_family() -> None:
    refused(Given(), _record(), FamilyNotFound, family_id="lee")
