"""What this process knows the log to hold, so that a log which was replaced by another is told from it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from event_store.arrays import Array, Int8Array, UuidArray
from event_store.errors import HistoryReplaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Events that the log must hold, by position and id, as a statement is told of them.

    The log only ever grows, so one that holds them is the same up to there. `number` counts the histories
    that this process has seen the end of.
    """

    number: int
    points: tuple[tuple[int, UUID], ...]

    @property
    def parameters(self) -> tuple[Array, Array]:
        """The positions and the ids."""
        return Int8Array.of([point[0] for point in self.points]), UuidArray.of(
            [point[1] for point in self.points]
        )


class History:
    """The newest events known. Everything that was read or appended lies at or before one of them."""

    def __init__(self) -> None:
        self.number = 0
        self._points: set[tuple[int, UUID]] = set()
        self._listeners: list[Callable[[], None]] = []

    def when_replaced(self, listener: Callable[[], None]) -> None:
        """Have this called as soon as the log turns out to be another one."""
        self._listeners.append(listener)

    def known(self) -> Known:
        """What the next statement has to find in the log."""
        return Known(number=self.number, points=tuple(self._points))

    def read(self, known: Known, newest: tuple[int, UUID] | None) -> None:
        """A read found all these in the log, and `newest` too.

        Raises HistoryReplaced for what was read before the log turned out to be another one.
        """
        if known.number != self.number:
            raise HistoryReplaced("the log was replaced while it was read")
        self._note(known, newest)

    def appended(self, known: Known, newest: tuple[int, UUID]) -> None:
        """An append found all these in the log, and wrote `newest`."""
        self._note(known, newest)

    def _note(self, known: Known, newest: tuple[int, UUID] | None) -> None:
        points = {*known.points, *((newest,) if newest is not None else ())}
        # The last of what stands in one history stands for all of it.
        self._points.difference_update(known.points)
        if points:
            self._points.add(max(points))

    def replaced(self, known: Known) -> HistoryReplaced:
        """The log does not hold all these; answers the error to raise."""
        if known.number == self.number:
            self.number += 1
            self._points.clear()
            for listener in self._listeners:
                listener()
        return HistoryReplaced("the log was replaced by another history of it")
