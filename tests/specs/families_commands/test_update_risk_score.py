"""UpdateRiskScore: the score, and with it the tier."""

import pytest
from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands
from diptych.families.v1.scores_pb2 import RISK_TIER_HIGH, RISK_TIER_LOW, RiskTier, ScoreFactor

from tests.specs.families_commands.given import ENROLLED, NOW, STREAM, Given, refused, withdrawn
from write_service.families.family import FamilyNotFound, FamilyWithdrawn

FACTORS = [ScoreFactor(name="months_late", points=60, note="since May"), ScoreFactor(name="no_login")]


def _update(score: int) -> commands.UpdateRiskScoreRequest:
    return commands.UpdateRiskScoreRequest(family_id="lee", score=score, risk_factors=FACTORS)


def test_the_score_before_is_told_with_the_new_one() -> None:
    given = Given(ENROLLED)
    updated = events.RiskScoreUpdated(
        family_id="lee",
        old_score=0,
        new_score=72,
        risk_tier=RISK_TIER_HIGH,
        risk_factors=FACTORS,
        updated_at=NOW,
    )
    outcome = given.when(_update(72)).then((STREAM, updated))
    assert outcome.response == commands.UpdateRiskScoreResponse(
        family_id="lee", new_score=72, risk_tier=RISK_TIER_HIGH
    )
    response = given.when(_update(0)).response
    assert (response.old_score, response.new_score, response.risk_tier) == (72, 0, RISK_TIER_LOW)


@pytest.mark.parametrize(
    ("score", "tier"),
    [
        (0, "LOW"),
        (39, "LOW"),
        (40, "MEDIUM"),
        (69, "MEDIUM"),
        (70, "HIGH"),
        (84, "HIGH"),
        (85, "CRITICAL"),
        (100, "CRITICAL"),
    ],
)
def test_tiers_begin_at_40_70_and_85(score: int, tier: str) -> None:
    response = Given(ENROLLED).when(_update(score)).response
    assert RiskTier.Name(response.risk_tier) == f"RISK_TIER_{tier}"


def test_an_unknown_family_has_no_score() -> None:
    refused(Given(), _update(50), FamilyNotFound, family_id="lee")


def test_a_family_that_left_is_not_scored() -> None:
    refused(Given(ENROLLED, withdrawn("2023-12-31")), _update(50), FamilyWithdrawn, family_id="lee")
