"""AddChild: children are born by today."""

import pytest
from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands
from google.protobuf.timestamp_pb2 import Timestamp

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, TODAY, Given, day, refused, withdrawn
from write_service.families.enrollment import BirthDateInFuture
from write_service.families.family import FamilyNotFound, FamilyWithdrawn

# The first second of 2023-11-15 in UTC.
MIDNIGHT_SECONDS = 1_700_006_400


def _add(born: str, name: str = "Mia") -> commands.AddChildRequest:
    return commands.AddChildRequest(family_id="lee", name=name, birth_date=day(born))


def test_children_are_counted() -> None:
    given = Given(ENROLLED)
    added = events.ChildAdded(family_id="lee", name="Mia", birth_date=day("2016-02-29"), added_at=NOW)
    outcome = given.when(_add("2016-02-29")).then((STREAM, added))
    assert outcome.response == commands.AddChildResponse(family_id="lee", children_count=1)
    assert given.when(_add("2019-01-01", "Tom")).response.children_count == 2


def test_a_child_may_be_born_today() -> None:
    Given(ENROLLED).when(_add(TODAY))


def test_a_child_is_not_born_tomorrow() -> None:
    refused(Given(ENROLLED), _add("2023-11-15"), BirthDateInFuture, family_id="lee")


def test_today_ends_at_midnight_in_utc() -> None:
    with pytest.raises(BirthDateInFuture):
        Given(ENROLLED).when(_add("2023-11-15"), now=Timestamp(seconds=MIDNIGHT_SECONDS - 1))
    Given(ENROLLED).when(_add("2023-11-15"), now=Timestamp(seconds=MIDNIGHT_SECONDS))


def test_an_unknown_family_gets_no_child() -> None:
    refused(Given(), _add("2016-02-29"), FamilyNotFound, family_id="lee")


def test_a_family_that_left_gets_no_child() -> None:
    refused(Given(ENROLLED, withdrawn("2023-10-01")), _add("2016-02-29"), FamilyWithdrawn, family_id="lee")
