"""A family as a row of the list of those that may leave; it is on that list while it is enrolled."""

from collections.abc import Iterable

from diptych.families.v1.events_pb2 import (
    ContactRecorded,
    CoordinatorAssigned,
    FamilyEnrolled,
    FamilyWithdrawn,
    InterventionRecommended,
    PreferredContactChannelSet,
    RiskScoreUpdated,
)
from diptych.families.v1.scores_pb2 import RISK_TIER_LOW
from diptych.families.v1.views_pb2 import FAMILY_STATUS_ENROLLED, FAMILY_STATUS_WITHDRAWN, AtRiskFamily
from google.protobuf.message import Message

from projector.families.outreach import end_recommendation, follow_up, score_risk
from projector.projection import ReadModel

# The lowest score of each tier: a list by minimum score walks the shortest index that has all of it.
_FLOORS = (0, 40, 70, 85)
# Above every risk score, so that the list is by priority first.
_PRIORITY_WEIGHT = 1000


def evolve(view: AtRiskFamily, event: Message) -> AtRiskFamily:
    match event:
        case RiskScoreUpdated():
            score_risk(view, event)
            view.highest_risk_score = max(view.highest_risk_score, event.new_score)
        case (
            InterventionRecommended()
            | ContactRecorded()
            | PreferredContactChannelSet()
            | CoordinatorAssigned()
        ):
            follow_up(view, event)
        case FamilyEnrolled():
            view.family_id = event.family_id
            view.family_name = event.family_name
            view.risk_tier = RISK_TIER_LOW
            view.status = FAMILY_STATUS_ENROLLED
        case FamilyWithdrawn():
            view.status = FAMILY_STATUS_WITHDRAWN
            end_recommendation(view)
        case _:
            return view
    return view


def indexes(view: AtRiskFamily) -> Iterable[tuple[str, int | str]]:
    if view.status != FAMILY_STATUS_ENROLLED:
        return
    risk = view.risk_score
    for floor in _FLOORS:
        if risk >= floor:
            yield f"at_risk/{floor}", view.intervention_priority * _PRIORITY_WEIGHT + risk
    yield "at_risk_score", risk


AT_RISK_FAMILY = ReadModel(
    name="at_risk_family",
    category="family",
    view=AtRiskFamily,
    evolve=evolve,
    indexes=indexes,
    contributing_events=(FamilyEnrolled, RiskScoreUpdated, InterventionRecommended, FamilyWithdrawn),
)
