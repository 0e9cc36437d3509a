"""UpdateEngagementScore: both scores are told."""

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands
from diptych.families.v1.scores_pb2 import ScoreFactor

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, Given, refused, withdrawn
from write_service.families.family import FamilyNotFound, FamilyWithdrawn

FACTORS = [ScoreFactor(name="hours", points=12)]


def _update(score: int) -> commands.UpdateEngagementScoreRequest:
    return commands.UpdateEngagementScoreRequest(family_id="lee", score=score, factors=FACTORS)


def test_the_score_before_is_told_with_the_new_one() -> None:
    given = Given(ENROLLED)
    given.when(_update(40))
    updated = events.EngagementScoreUpdated(
        family_id="lee", old_score=40, new_score=25, factors=FACTORS, updated_at=NOW
    )
    outcome = given.when(_update(25)).then((STREAM, updated))
    assert outcome.response == commands.UpdateEngagementScoreResponse(
        family_id="lee", old_score=40, new_score=25
    )


def test_the_risk_score_is_another_one() -> None:
    given = Given(ENROLLED)
    given.when(commands.UpdateRiskScoreRequest(family_id="lee", score=90))
    assert given.when(_update(25)).response.old_score == 0


def test_an_unknown_family_has_no_score() -> None:
    refused(Given(), _update(50), FamilyNotFound, family_id="lee")


def test_a_family_that_left_is_not_scored() -> None:
    refused(Given(ENROLLED, withdrawn("2023-12-31")), _update(50), FamilyWithdrawn, family_id="lee")
