"""Figures and what stands beside them, measured by turns, so that both see the same machine."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_TRIES = 3

# What one turn found, by the name of the value.
Values = Mapping[str, float]
Turn = Callable[[], Values]


class NothingEnded(Exception):
    """The time of a turn was too short for what it measures, again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table: a value, and the value that it is divided by, both by their names in the turns.

    The goal is for the ratio, or for the value where there is no floor.
    """

    name: str
    unit: str
    value: str
    floor: str | None = None
    floor_name: str = ""
    goal: float | None = None
    is_at_most: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What is compared by turns; `sums` are values made of others that the same round has found."""

    title: str
    turns: Sequence[Turn]
    rows: Sequence[Row]
    sums: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A row with what all rounds found for it."""

    row: Row
    values: Sequence[float]
    floors: Sequence[float]

    @property
    def value(self) -> float:
        """The median of the values."""
        return statistics.median(self.values)

    @property
    def floor(self) -> float | None:
        """The median of the floors."""
        return statistics.median(self.floors) if self.floors else None

    @property
    def ratios(self) -> Sequence[float]:
        """The ratio of each round, sorted."""
        return sorted(value / floor for value, floor in zip(self.values, self.floors, strict=False))

    @property
    def ratio(self) -> float | None:
        """The median of the ratios."""
        return statistics.median(self.ratios) if self.floors else None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.row.goal is None:
            return None
        found = self.value if self.ratio is None else self.ratio
        return found <= self.row.goal if self.row.is_at_most else found >= self.row.goal


def measure(section: Section, repeats: int) -> list[Measured]:
    """Take as many rounds, each beginning with another turn than the one before."""
    rounds = [_round(section, number) for number in range(repeats)]
    return [
        Measured(
            row=row,
            values=[found[row.value] for found in rounds],
            floors=[found[row.floor] for found in rounds] if row.floor else [],
        )
        for row in section.rows
        if row.value in rounds[0] and (row.floor is None or row.floor in rounds[0])
    ]


def _taken(turn: Turn) -> Values:
    """What a turn found; one in whose time nothing ended says nothing, and is taken again."""
    for _ in range(_TRIES):
        values = turn()
        if all(values.values()):
            return values
    raise NothingEnded(f"no {', '.join(name for name, value in values.items() if not value)}")


def _round(section: Section, number: int) -> dict[str, float]:
    found: dict[str, float] = {}
    begin = number % len(section.turns)
    for turn in (*section.turns[begin:], *section.turns[:begin]):
        found.update(_taken(turn))
    for name, parts in section.sums.items():
        if all(part in found for part in parts):
            found[name] = sum(found[part] for part in parts)
    return found
