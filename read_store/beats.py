"""Time since a read model's last word, measured on this process's own clock: the store's may step back."""

import time
from dataclasses import dataclass, replace

from read_store.checkpoint import Checkpoint

# An answer's way takes some answers longer than others, which is no step of the store's clock.
_WAY_US = 20_000


@dataclass(frozen=True, slots=True)
class _Beat:
    generation: int
    beat_us: int
    seen_at: float


class Beats:
    """The newest beat that was seen of each projection, and when."""

    def __init__(self) -> None:
        self._seen: dict[str, _Beat] = {}

    def corrected(self, projection: str, place: Checkpoint) -> Checkpoint:
        """The checkpoint with a time that is no earlier than its last beat and what has passed here since."""
        now = time.monotonic()
        if not place.is_live:
            return place
        seen = self._seen.get(projection)
        if seen is None or (seen.generation, seen.beat_us) != (place.generation, place.beat_us):
            self._seen[projection] = _Beat(place.generation, place.beat_us, now)
            return place
        least_us = place.beat_us + round((now - seen.seen_at) * 1_000_000)
        if place.now_us >= max(place.beat_us, least_us - _WAY_US):
            return place
        return replace(place, now_us=least_us)
