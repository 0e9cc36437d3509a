"""RecordLogin: the family used the co-op's site."""

from typing import Any

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, TODAY, Given, day, refused, withdrawn
from write_service.families.family import FamilyNotFound, FamilyWithdrawn


def _record(**fields: Any) -> commands.RecordLoginRequest:
    return commands.RecordLoginRequest(family_id="lee", **fields)


def test_a_login_has_a_day() -> None:
    recorded = events.LoginRecorded(family_id="lee", date=day("2023-10-01"), recorded_at=NOW)
    outcome = Given(ENROLLED).when(_record(date=day("2023-10-01"))).then((STREAM, recorded))
    assert outcome.response == commands.RecordLoginResponse(family_id="lee", date=day("2023-10-01"))


def test_a_login_without_a_day_was_today() -> None:
    assert Given(ENROLLED).when(_record()).response.date == day(TODAY)


def test_an_unknown_family_does_not_log_in() -> None:
    refused(Given(), _record(), FamilyNotFound, family_id="lee")


def test_a_login_up_to_the_last_day_may_be_recorded_later() -> None:
    Given(ENROLLED, withdrawn("2023-10-31")).when(_record(date=day("2023-10-31")))


def test_a_family_that_left_does_not_log_in() -> None:
    given = Given(ENROLLED, withdrawn("2023-10-31"))
    refused(given, _record(date=day("2023-11-01")), FamilyWithdrawn, family_id="lee")
    refused(given, _record(), FamilyWithdrawn, family_id="lee")


def test_a_family_that_leaves_in_days_to_come_still_logs_in() -> None:
    Given(ENROLLED, withdrawn("2023-12-31")).when(_record())
