"""EnrollFamily: a family takes part from its enrolment date on."""

from typing import Any

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands
from diptych.families.v1.views_pb2 import FAMILY_STATUS_ENROLLED

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, Given, day, refused, withdrawn
from write_service.families.enrollment import FamilyAlreadyEnrolled
from write_service.families.family import FamilyWithdrawn


def _enroll(**fields: Any) -> commands.EnrollFamilyRequest:
    asked = {"family_id": "lee", "family_name": "Lee", "enrollment_date": day("2023-09-01")} | fields
    return commands.EnrollFamilyRequest(**asked)


def test_a_family_enrols_with_the_parent_to_talk_to_and_its_currency() -> None:
    contact = {"parent_name": "Ann Lee", "email": "ann@example.com", "phone": "+44 1"}
    enrolled = events.FamilyEnrolled(
        family_id="lee",
        family_name="Lee",
        enrollment_date=day("2023-09-01"),
        currency_code="EUR",
        enrolled_at=NOW,
        **contact,
    )
    outcome = Given().when(_enroll(currency_code="EUR", **contact)).then((STREAM, enrolled))
    assert outcome.response == commands.EnrollFamilyResponse(
        family_id="lee", status=FAMILY_STATUS_ENROLLED, currency_code="EUR"
    )


def test_amounts_are_in_us_dollars_unless_told_otherwise() -> None:
    assert Given().when(_enroll()).response.currency_code == "USD"


def test_a_family_may_enrol_from_a_day_to_come() -> None:
    Given().when(_enroll(enrollment_date=day("2199-12-31")))


def test_a_familys_id_is_given_once() -> None:
    refused(Given(ENROLLED), _enroll(), FamilyAlreadyEnrolled, family_id="lee")


def test_the_id_of_a_family_that_left_is_not_given_again() -> None:
    refused(Given(ENROLLED, withdrawn("2023-10-01")), _enroll(), FamilyWithdrawn, family_id="lee")
