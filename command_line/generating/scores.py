"""Scores that follow from what a family did, each with what it is made of."""

from dataclasses import dataclass

from diptych.families.v1.scores_pb2 import ScoreFactor

from command_line.generating.activity import Activity
from command_line.generating.tuition import Tuition

AT_RISK = 70
_INTERVENTIONS = {
    "unpaid_tuition": "Offer a payment plan",
    "late_payments": "Move the due date to payday",
    "low_engagement": "Invite to a welcome coffee",
    "missed_events": "Call the parents",
    "new_family": "Pair with a mentor family",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A score and its factors, whose points are the score unless they pass 100."""

    points: int
    factors: tuple[tuple[str, int], ...]

    def messages(self) -> list[ScoreFactor]:
        """The factors as a command takes them."""
        return [ScoreFactor(name=name, points=points) for name, points in self.factors]

    @property
    def intervention(self) -> str:
        """What answers the weightiest factor."""
        name, _ = max(self.factors, key=lambda factor: factor[1])
        return _INTERVENTIONS[name]


def engagement_score(did: Activity, opinion: int) -> Score:
    """From what is recorded and what the family says of itself, 0 to 100."""
    attendance = 35 * did.attended // did.invited if did.invited else 0
    return _score(
        ("own_opinion", opinion * 45 // 100),
        ("logins", min(20, 8 * did.logins)),
        ("event_attendance", attendance),
        ("volunteer_hours", min(20, 3 * did.hours)),
    )


def risk_score(paid: Tuition, did: Activity, engagement: int, *, is_new: bool) -> Score:
    """From unpaid and late tuition and from what the family does not do."""
    return _score(
        ("unpaid_tuition", min(56, 14 * paid.unpaid)),
        ("late_payments", min(30, 6 * paid.late)),
        ("low_engagement", max(0, (60 - engagement) * 2 // 3)),
        ("missed_events", 5 * (did.invited - did.attended)),
        ("new_family", 6 if is_new else 0),
    )


def _score(*factors: tuple[str, int]) -> Score:
    counted = tuple(factor for factor in factors if factor[1])
    return Score(points=min(100, sum(points for _, points in counted)), factors=counted)
