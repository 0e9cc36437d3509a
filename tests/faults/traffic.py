"""What the clients of a load know of the things that they work on, and one random command after the other."""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from diptych.command.v1.command_pb2 import CommandContext

# A few of each, so that clients get into each other's way.
CUSTOMERS, PRODUCTS, FAMILIES = 8, 6, 10
_KNOWN_ORDERS = 60
_STALE_CHANCE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A request of one of the two services (orders, families), and the main stream that it is about."""

    service: str
    rpc: str
    request: Any
    stream: str


@dataclass(slots=True)
class Scene:
    """The things of a load, shared by its clients; versions are the newest that one of them was told."""

    name: str
    orders: deque[str] = field(default_factory=lambda: deque(maxlen=_KNOWN_ORDERS))
    versions: dict[str, int] = field(default_factory=dict)
    made: int = 0

    @property
    def customers(self) -> Sequence[str]:
        return [f"{self.name}-c{number}" for number in range(CUSTOMERS)]

    @property
    def skus(self) -> Sequence[str]:
        return [f"{self.name}-s{number}" for number in range(PRODUCTS)]

    @property
    def families(self) -> Sequence[str]:
        return [f"{self.name}-f{number}" for number in range(FAMILIES)]

    def new_name(self, kind: str, chance: random.Random) -> str:
        """An id that no other process of the load makes."""
        self.made += 1
        return f"{self.name}-{kind}{self.made}-{chance.getrandbits(32):08x}"

    def saw(self, stream: str, version: int) -> None:
        """A stream has come to a version."""
        if stream.startswith("order-") and stream not in self.versions:
            self.orders.append(stream.removeprefix("order-"))
        self.versions[stream] = max(version, self.versions.get(stream, 0))


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
