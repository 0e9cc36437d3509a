"""What the clients of a load know of the things that they work on, and one random command after the other."""

import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from diptych.command.v1.command_pb2 import CommandContext

# A few of each, so that clients get into each other's way.
_PLACES = {"customer": 8, "product": 6, "family": 10}
# A stream that has come so far is left alone and another takes its place: a checker folds all versions.
_LONGEST = {"customer": 100, "product": 120, "family": 30}
_KNOWN_ORDERS = 60
_STALE_CHANCE = 0.25
# How often what is not known to be there is made first; another process may have made it.
NEW_CHANCE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A request of one of the two services (orders, families), and the main stream that it is about."""

    service: str
    rpc: str
    request: Any
    stream: str

    @property
    def id(self) -> str:
        return str(self.request.context.command_id)

    @property
    def about(self) -> dict[str, Any]:
        """What a record says of it."""
        context = self.request.context
        expected = context.expected_version if context.HasField("expected_version") else None
        return {"command_id": self.id, "stream": self.stream, "expected_version": expected}


@dataclass(slots=True)
class Scene:
    """The things of a load, shared by its clients; versions are the newest that one of them was told."""

    name: str
    orders: deque[str] = field(default_factory=lambda: deque(maxlen=_KNOWN_ORDERS))
    versions: dict[str, int] = field(default_factory=dict)
    made: int = 0
    # Set once all faults are over: from then on no call is in a hurry, so that each must be answered.
    is_patient: bool = False
    # How often each place was taken anew.
    _turns: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def customers(self) -> Sequence[str]:
        return self._things("customer")

    @property
    def skus(self) -> Sequence[str]:
        return self._things("product")

    @property
    def families(self) -> Sequence[str]:
        return self._things("family")

    def new_name(self, kind: str, chance: random.Random) -> str:
        """An id that no other process of the load makes."""
        self.made += 1
        return f"{self.name}-{kind}{self.made}-{chance.getrandbits(32):08x}"

    def saw(self, stream: str, version: int) -> None:
        """A stream has come to a version."""
        if stream.startswith("order-") and stream not in self.versions:
            self.orders.append(stream.removeprefix("order-"))
        category, _, id_ = stream.partition("-")
        if version >= _LONGEST.get(category, version + 1) and id_ in self._things(category):
            self._turns[category, self._things(category).index(id_)] += 1
        self.versions[stream] = max(version, self.versions.get(stream, 0))

    def _things(self, category: str) -> list[str]:
        return [
            f"{self.name}-{category[0]}{place}.{self._turns[category, place]}"
            for place in range(_PLACES[category])
        ]


def context(scene: Scene, stream: str, chance: random.Random) -> CommandContext:
    """A command's context; some commands expect a version, not always the newest."""
    made = CommandContext(command_id=str(UUID(int=chance.getrandbits(128), version=4)))
    if chance.random() < _STALE_CHANCE and stream in scene.versions:
        made.expected_version = max(0, scene.versions[stream] - (chance.random() < 0.2))
    return made


Maker = Callable[[Scene, random.Random], Command]


def choose(makers: Sequence[tuple[int, Maker]], scene: Scene, chance: random.Random) -> Command:
    """A command of a random kind, by weight."""
    [maker] = chance.choices([each for _, each in makers], [weight for weight, _ in makers])
    return maker(scene, chance)
