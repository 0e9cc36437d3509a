"""AssignCoordinator: who looks after the family."""

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, Given, refused, withdrawn
from write_service.families.family import FamilyNotFound, FamilyWithdrawn

ASSIGN = commands.AssignCoordinatorRequest(family_id="lee", coordinator="Bob")


def test_a_family_has_a_coordinator() -> None:
    assigned = events.CoordinatorAssigned(family_id="lee", coordinator="Bob", assigned_at=NOW)
    outcome = Given(ENROLLED).when(ASSIGN).then((STREAM, assigned))
    assert outcome.response == commands.AssignCoordinatorResponse(family_id="lee", coordinator="Bob")


def test_nobody_looks_after_an_unknown_family() -> None:
    refused(Given(), ASSIGN, FamilyNotFound, family_id="lee")


def test_nobody_looks_after_a_family_that_left() -> None:
    refused(Given(ENROLLED, withdrawn("2023-12-31")), ASSIGN, FamilyWithdrawn, family_id="lee")
