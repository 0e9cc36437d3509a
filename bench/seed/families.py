"""Families with a risk score each."""

from datetime import timedelta

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1.scores_pb2 import RiskTier
from google.protobuf.message import Message

from bench.seed import names
from bench.seed.orders import FIRST_DAY
from write_service.families.scores import tier_of


def risk_score(number: int) -> int:
    """A family's risk score, from 0 to 100."""
    return number * 7919 % 101


def risk_tier(number: int) -> RiskTier.ValueType:
    """A family's risk tier, as the domain finds it."""
    return tier_of(risk_score(number))


def family_events(number: int) -> list[Message]:
    """What happened to a family."""
    family_id, day = names.family(number), FIRST_DAY + timedelta(days=number % 365)
    enrolled = events.FamilyEnrolled(
        family_id=family_id,
        family_name=f"Family {number}",
        parent_name=f"Parent {number}",
        email=f"{family_id}@example.com",
        currency_code="EUR",
    )
    enrolled.enrollment_date.year, enrolled.enrollment_date.month = day.year, day.month
    enrolled.enrollment_date.day = day.day
    enrolled.enrolled_at.FromDatetime(day)
    scored = events.RiskScoreUpdated(
        family_id=family_id, new_score=risk_score(number), risk_tier=risk_tier(number)
    )
    scored.updated_at.FromDatetime(day)
    return [enrolled, scored]
