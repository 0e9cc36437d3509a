"""Faults of the network between any two processes: slow, cut at a byte, reset, half-open, closed."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.arena import Arena
from tests.faults.links import random_trouble
from tests.faults.steps import Fault, Kind, Step


def troubled(kind: str) -> Fault:
    """One to three links have a trouble, and lose it one after the other."""

    @contextmanager
    def trouble(arena: Arena, step: Step) -> Iterator[str]:
        chance = step.chance
        names = chance.sample(sorted(arena.links.by_name), chance.choice((1, 1, 2, 3)))
        for name in names:
            arena.links.trouble(name, random_trouble(kind, chance))
            if kind == "refuse":
                arena.links.reset(name)
        yield ", ".join(names)
        arena.links.heal()

    return trouble


@contextmanager
def reset(arena: Arena, step: Step) -> Iterator[str]:
    """All connections of one to all links break."""
    chance = step.chance
    names = sorted(arena.links.by_name)
    names = chance.sample(names, chance.choice((1, 2, len(names))))
    for name in names:
        arena.links.reset(name)
    yield ", ".join(names)


KINDS = {
    "link.delay": Kind(fault=troubled("delay"), shortest_seconds=0.5, longest_seconds=3.0),
    "link.cut": Kind(fault=troubled("cut"), shortest_seconds=0.2, longest_seconds=1.0, weight=20),
    "link.half_open": Kind(fault=troubled("half_open"), shortest_seconds=0.2, longest_seconds=9.0),
    "link.refuse": Kind(fault=troubled("refuse"), shortest_seconds=0.1, longest_seconds=2.0),
    "link.reset": Kind(fault=reset, longest_seconds=0.2),
}
