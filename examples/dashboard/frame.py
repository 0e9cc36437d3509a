"""The terminal and the time for which a page is drawn."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """`now` is of the monotonic clock, in seconds; a page that is not live is as short as it can be."""

    width: int
    height: int
    now: float
    today: date
    is_live: bool = True
