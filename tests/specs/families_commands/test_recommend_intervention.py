"""RecommendIntervention: what would keep a family."""

from typing import Any

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, Given, day, refused, withdrawn
from write_service.families.family import FamilyNotFound, FamilyWithdrawn


def _recommend(**fields: Any) -> commands.RecommendInterventionRequest:
    return commands.RecommendInterventionRequest(
        family_id="lee", intervention="call them", priority=4, **fields
    )


def test_a_recommendation_tells_when_the_family_may_leave() -> None:
    recommended = events.InterventionRecommended(
        family_id="lee",
        intervention="call them",
        priority=4,
        predicted_withdrawal_date=day("2024-01-31"),
        recommended_at=NOW,
    )
    request = _recommend(predicted_withdrawal_date=day("2024-01-31"))
    outcome = Given(ENROLLED).when(request).then((STREAM, recommended))
    assert outcome.response == commands.RecommendInterventionResponse(
        family_id="lee", intervention="call them", priority=4
    )


def test_without_a_prediction_the_day_is_unset() -> None:
    event: Any = Given(ENROLLED).when(_recommend()).events[0]
    assert not event.HasField("predicted_withdrawal_date")


def test_nothing_is_recommended_for_an_unknown_family() -> None:
    refused(Given(), _recommend(), FamilyNotFound, family_id="lee")


def test_nothing_keeps_a_family_that_left() -> None:
    refused(Given(ENROLLED, withdrawn("2023-12-31")), _recommend(), FamilyWithdrawn, family_id="lee")
