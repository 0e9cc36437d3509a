"""What the dashboard knows: the last state of each part, how fresh it is, and how the connections do."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from diptych.consistency.v1.consistency_pb2 import Freshness
from diptych.families.v1.family_query_service_pb2 import (
    WatchAtRiskFamiliesResponse,
    WatchFamiliesByRiskTierResponse,
    WatchPaymentAnalyticsResponse,
)
from diptych.families.v1.views_pb2 import AtRiskFamily, PaymentMonth, RiskTierSummary

_TOGETHER_SECONDS = 1.0


@dataclass(slots=True)
class Connection:
    """How one watch does. Times are of the monotonic clock, in seconds."""

    failures: int = 0
    reason: str = ""
    lost_at: float | None = None
    back_at: float | None = None

    def breaks(self, now: float, reason: str) -> None:
        """The watch ended, or could not be begun again."""
        self.failures, self.reason = self.failures + 1, reason
        self.lost_at = now if self.lost_at is None else self.lost_at

    def works(self, now: float) -> None:
        """The watch has answered."""
        if self.lost_at is not None:
            self.failures, self.lost_at, self.back_at = 0, None, now


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The newest thing that happened while the page was open."""

    at: float
    words: str


@dataclass(slots=True)
class Board:
    """Filled by the watches, shown by the page."""

    min_risk_score: int
    families: dict[str, AtRiskFamily] = field(default_factory=dict)
    has_all_families: bool = False
    changed_at: dict[str, float] = field(default_factory=dict)
    tiers: Sequence[RiskTierSummary] = ()
    months: Sequence[PaymentMonth] = ()
    has_months: bool = False
    freshness: Freshness | None = None
    heard_at: float = 0.0
    last_change: Change | None = None
    connections: dict[str, Connection] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_complete(self) -> bool:
        """Whether every part has been heard of."""
        return self.has_all_families and bool(self.tiers) and self.has_months

    def forget_families(self) -> None:
        """Begin the list anew, where a watch could not be resumed."""
        self.families.clear()
        self.changed_at.clear()
        self.has_all_families = False

    def take_families(self, response: WatchAtRiskFamiliesResponse, now: float) -> None:
        """Put in who is at risk, take out who is not any more."""
        was_complete = self.has_all_families
        for family in response.families:
            if was_complete:
                is_new = family.family_id not in self.families
                self.changed_at[family.family_id] = now
                self._note(now, f"{family.family_name} {'is at risk' if is_new else 'changed'}")
            self.families[family.family_id] = family
        for family_id in response.left_family_ids:
            # Some were never on the list: the service can't know what each of its readers has.
            left = self.families.pop(family_id, None)
            self.changed_at.pop(family_id, None)
            if left is not None:
                self._note(now, f"{left.family_name} left the list")
        self.has_all_families = was_complete or response.caught_up
        self._hear(response.freshness, now)

    def take_tiers(self, response: WatchFamiliesByRiskTierResponse, now: float) -> None:
        """Replace the tiers; a heartbeat has none."""
        if not response.heartbeat:
            if self.tiers and list(response.tiers) != list(self.tiers):
                self._note_sums(now, "the tiers changed")
            self.tiers = response.tiers
        self._hear(response.freshness, now)

    def take_months(self, response: WatchPaymentAnalyticsResponse, now: float) -> None:
        """Replace the months; a heartbeat has none."""
        if not response.heartbeat:
            if self.has_months and _amounts(response.months) != _amounts(self.months):
                self._note_sums(now, "the payments changed")
            self.months, self.has_months = response.months, True
        self._hear(response.freshness, now)

    def _note(self, now: float, words: str) -> None:
        self.last_change = Change(at=now, words=words)

    def _note_sums(self, now: float, words: str) -> None:
        """A family's change, which says more, often comes together with that of the sums."""
        if self.last_change is None or now - self.last_change.at > _TOGETHER_SECONDS:
            self._note(now, words)

    def _hear(self, freshness: Freshness, now: float) -> None:
        self.freshness, self.heard_at = freshness, now
        self.news.set()


def _amounts(months: Sequence[PaymentMonth]) -> list[bytes]:
    """The months without the moment up to which they are complete, which always moves."""
    rows = []
    for month in months:
        row = PaymentMonth()
        row.CopyFrom(month)
        row.ClearField("last_updated")
        rows.append(row.SerializeToString(deterministic=True))
    return rows
