"""The store's time as this process knows it: what the store last said, and what has passed here since."""

import time


class StoreClock:
    """Says when something was read, by the store's clock, and never too late.

    The store has said its time before this process hears of it. So whatever holds up this process, the store
    or the line between them, makes what was read look older than it is, and never newer.
    """

    def __init__(self) -> None:
        self._said_us = 0
        self._heard_at = 0.0

    def said(self, now_us: int) -> None:
        """An answer of the store had this time in it, in microseconds since 1970."""
        self._said_us, self._heard_at = now_us, time.monotonic()

    def at(self, moment: float | None) -> int:
        """The store's time at a moment of this process's monotonic clock, None for now; 0 when it never
        said any."""
        if self._said_us == 0:
            return 0
        passed = (time.monotonic() if moment is None else moment) - self._heard_at
        return self._said_us + round(passed * 1_000_000)
