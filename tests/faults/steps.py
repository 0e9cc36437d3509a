"""The order of faults: drawn from a seed, so that the same seed and commit try the same again."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.faults.arena import Arena

# What a fault says at its end when nothing was there for it to happen to.
WITHOUT_EFFECT = " (without effect)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One fault: of a kind, for a while; `seed` decides its details."""

    number: int
    kind: str
    hold_seconds: float
    # Whether everything must be well again before the next one.
    is_waited_for: bool
    seed: int

    @property
    def chance(self) -> random.Random:
        """The same draws each time."""
        return random.Random(self.seed)  # noqa: S311 - no secret

    def __str__(self) -> str:
        waiting = "" if self.is_waited_for else ", and the next one on top"
        return f"{self.number:4} {self.kind} for {self.hold_seconds:.2f} s{waiting}"


# The fault is there within the block, which is told in words what is done; after it nothing of it is left.
Fault = Callable[[Arena, Step], AbstractContextManager[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fault, how often it is drawn, and how long it lasts at least and at most."""

    fault: Fault
    weight: int = 10
    # How often all must be well again before the next fault; else that one comes on top.
    waited_chance: float = 0.7
    shortest_seconds: float = 0.0
    longest_seconds: float = 1.0


def steps(seed: int, kinds: Mapping[str, Kind], wanted: Sequence[str]) -> Iterator[Step]:
    """An endless series; `wanted` names kinds or the beginnings of their names, none for all."""
    chosen = {name: kind for name, kind in kinds.items() if _is_wanted(name, wanted)}
    if not chosen:
        raise ValueError(f"no fault is named {', '.join(wanted)}; there are {', '.join(kinds)}")
    chance = random.Random(f"steps/{seed}")  # noqa: S311 - no secret
    weights = [kind.weight for kind in chosen.values()]
    number = 0
    while True:
        number += 1
        [(name, kind)] = chance.choices(list(chosen.items()), weights)
        yield _step(number, name, kind, chance)


def rotation(seed: int, kinds: Mapping[str, Kind], count: int) -> Iterator[Step]:
    """So many kinds, each once; the next seed goes on with the next ones, until all had their turn."""
    names = sorted(kinds)
    random.Random("rotation").shuffle(names)  # noqa: S311 - no secret
    chance = random.Random(f"rotation/{seed}")  # noqa: S311 - no secret
    for number in range(1, min(count, len(names)) + 1):
        name = names[((seed - 1) * count + number - 1) % len(names)]
        yield _step(number, name, kinds[name], chance)


def _step(number: int, name: str, kind: Kind, chance: random.Random) -> Step:
    return Step(
        number=number,
        kind=name,
        hold_seconds=chance.uniform(kind.shortest_seconds, kind.longest_seconds),
        is_waited_for=chance.random() < kind.waited_chance,
        seed=chance.getrandbits(32),
    )


def _is_wanted(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(name == each or name.startswith(f"{each}.") for each in wanted)
