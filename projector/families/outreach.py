"""What was recommended for a family and who talked with it: alike in its details and in the list at risk."""

from typing import TypeAlias

from diptych.families.v1.events_pb2 import (
    ContactRecorded,
    CoordinatorAssigned,
    InterventionRecommended,
    PreferredContactChannelSet,
    RiskScoreUpdated,
)
from diptych.families.v1.views_pb2 import AtRiskFamily, FamilyDetails

from projector.dates import is_before

FollowedFamily: TypeAlias = FamilyDetails | AtRiskFamily
FollowUp: TypeAlias = (
    InterventionRecommended | ContactRecorded | PreferredContactChannelSet | CoordinatorAssigned
)


def follow_up(view: FollowedFamily, event: FollowUp) -> None:
    match event:
        case InterventionRecommended():
            _recommend(view, event)
        case ContactRecorded():
            # Of two contacts on one day the one recorded later counts.
            if not is_before(event.date, view.last_contact_date):
                view.last_contact_date.CopyFrom(event.date)
                view.last_contact_method = event.method
        case PreferredContactChannelSet():
            view.preferred_contact_channel = event.channel
        case CoordinatorAssigned():
            view.assigned_coordinator = event.coordinator


def score_risk(view: FollowedFamily, event: RiskScoreUpdated) -> None:
    view.risk_score = event.new_score
    view.risk_tier = event.risk_tier
    view.ClearField("risk_factors")
    view.risk_factors.extend(event.risk_factors)


def end_recommendation(view: FollowedFamily) -> None:
    view.recommended_intervention = ""
    view.intervention_priority = 0
    view.ClearField("predicted_withdrawal_date")


def _recommend(view: FollowedFamily, event: InterventionRecommended) -> None:
    view.recommended_intervention = event.intervention
    view.intervention_priority = event.priority
    view.ClearField("predicted_withdrawal_date")
    if event.HasField("predicted_withdrawal_date"):
        view.predicted_withdrawal_date.CopyFrom(event.predicted_withdrawal_date)
