"""Scores: how engaged a family is, how likely it is to leave, and what would keep it."""

from diptych.families.v1.events_pb2 import EngagementScoreUpdated, InterventionRecommended, RiskScoreUpdated
from diptych.families.v1.family_command_service_pb2 import (
    RecommendInterventionRequest,
    UpdateEngagementScoreRequest,
    UpdateRiskScoreRequest,
)
from diptych.families.v1.scores_pb2 import (
    RISK_TIER_CRITICAL,
    RISK_TIER_HIGH,
    RISK_TIER_LOW,
    RISK_TIER_MEDIUM,
    RiskTier,
)
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.decider import Decision, States
from write_service.families.family import FAMILY, enrolled_family

# The lowest score of each tier but the lowest tier, highest first.
_FLOORS = ((85, RISK_TIER_CRITICAL), (70, RISK_TIER_HIGH), (40, RISK_TIER_MEDIUM))


def tier_of(risk_score: int) -> RiskTier.ValueType:
    """The tier of a risk score."""
    return next((tier for floor, tier in _FLOORS if risk_score >= floor), RISK_TIER_LOW)


def update_engagement_score(
    request: UpdateEngagementScoreRequest, states: States, now: Timestamp
) -> Decision:
    event = EngagementScoreUpdated(
        family_id=request.family_id,
        old_score=enrolled_family(states, request.family_id).engagement_score,
        new_score=request.score,
        factors=request.factors,
        updated_at=now,
    )
    return [(FAMILY.stream(request.family_id), event)]


def update_risk_score(request: UpdateRiskScoreRequest, states: States, now: Timestamp) -> Decision:
    event = RiskScoreUpdated(
        family_id=request.family_id,
        old_score=enrolled_family(states, request.family_id).risk_score,
        new_score=request.score,
        risk_tier=tier_of(request.score),
        risk_factors=request.risk_factors,
        updated_at=now,
    )
    return [(FAMILY.stream(request.family_id), event)]


def recommend_intervention(request: RecommendInterventionRequest, states: States, now: Timestamp) -> Decision:
    enrolled_family(states, request.family_id)
    event = InterventionRecommended(
        family_id=request.family_id,
        intervention=request.intervention,
        priority=request.priority,
        predicted_withdrawal_date=(
            request.predicted_withdrawal_date if request.HasField("predicted_withdrawal_date") else None
        ),
        recommended_at=now,
    )
    return [(FAMILY.stream(request.family_id), event)]
