"""How fast a walk through a read model goes: quick while something is written, then as slow as it may be."""

ROWS_PER_SECOND = 1_000
# A walk through what has not changed since the last one may take as long.
REST_SECONDS = 600.0
# So many are looked at in one go, in which the store answers nobody else.
ROWS_OF_A_STEP = 50


class Pace:
    """Waits between the steps of a walk that begins again and again.

    `rows_per_second` is the quick pace. Once a whole walk has seen the read model at one place of the log,
    the next ones are to take `rest_seconds` each, as long as it stays there, or what the quick pace takes if
    that is longer.
    """

    def __init__(
        self, *, rows_per_second: float = ROWS_PER_SECOND, rest_seconds: float = REST_SECONDS
    ) -> None:
        self._pause_seconds = ROWS_OF_A_STEP / rows_per_second
        self._rest_seconds = rest_seconds
        self.start_over()

    def start_over(self) -> None:
        """Nothing is known of what was seen before."""
        self._place: tuple[int, int] | None = None
        self._began_at: tuple[int, int] | None = None
        self._seen_whole_at: tuple[int, int] | None = None
        self._steps = 0
        self._steps_of_a_walk = 1

    def begin(self) -> None:
        """A walk begins."""
        self._steps, self._began_at = 0, None

    def saw(self, generation: int, position: int) -> None:
        """Something was looked at while the read model stood there."""
        self._place = (generation, position)
        if self._began_at is None:
            self._began_at = self._place

    def end(self) -> None:
        """All was looked at, and all was well."""
        self._seen_whole_at, self._steps_of_a_walk = self._began_at, max(1, self._steps)

    @property
    def is_at_rest(self) -> bool:
        """Whether all was seen at the very place where the read model stands."""
        return self._place is not None and self._place == self._seen_whole_at

    def step(self) -> float:
        """Counts a step; answers how many seconds to wait after it."""
        self._steps += 1
        if not self.is_at_rest:
            return self._pause_seconds
        return max(self._pause_seconds, self._rest_seconds / self._steps_of_a_walk)
