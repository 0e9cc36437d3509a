"""When a projection at the end of the log has to write: at once, or together with more."""

from math import inf
from time import monotonic

from event_store import Hints, LogPage
from read_store import Checkpoint

# Events that a projection does not read move its checkpoint and nothing else: so long they may wait for more.
# Whoever asks for the log's end waits for none of that.
REST_SECONDS = 0.01


class Resting:
    """Of one runner; all moments are time.monotonic's."""

    def __init__(self, beat_seconds: float, rest_seconds: float = REST_SECONDS) -> None:
        self._beat_seconds = beat_seconds
        self._rest_seconds = rest_seconds
        self._beat_at = -inf
        self._rest_ends: float | None = None
        self._wanted = 0
        self._hints: Hints | None = None

    def begin(self, hints: Hints) -> None:
        """Nothing is known of what the store was told; `hints` end a rest."""
        self._beat_at, self._rest_ends, self._hints = -inf, None, hints
        self._wanted = 0

    def beaten(self, read_at: float) -> None:
        """The store was told where the log ended then, beside a batch that came to there or alone."""
        self._beat_at = read_at

    def is_beat_due(self, checkpoint: Checkpoint, head: int) -> bool:
        """Whether the store must be told where the log ends."""
        return head > checkpoint.position or self.seconds_to_beat() <= 0

    def seconds_to_beat(self) -> float:
        """How long the store need not be told that the log has not grown."""
        return max(0.0, self._beat_at + self._beat_seconds - monotonic())

    def want(self, position: int) -> None:
        """Somebody waits for this position, and not for the end of a rest."""
        self._wanted = max(self._wanted, position)
        if self._rest_ends is not None and self._hints is not None:
            self._hints.tell()

    def is_wanted_after(self, position: int) -> bool:
        """Whether somebody waits for a later one."""
        return self._wanted > position

    def seconds_to_rest(self, checkpoint: Checkpoint, page: LogPage) -> float:
        """How long a page without news may wait for more to be written with it."""
        if page.through < page.head or self.is_wanted_after(checkpoint.position):
            return 0.0
        if self._rest_ends is None:
            self._rest_ends = monotonic() + self._rest_seconds
        return max(0.0, self._rest_ends - monotonic())

    def advanced(self) -> None:
        """Nothing waits any more."""
        self._rest_ends = None
