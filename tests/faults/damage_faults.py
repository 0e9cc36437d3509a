"""Read models damaged by hand while they are served: a key or row gone, a row changed, a checkpoint back."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

from tests.faults.arena import Arena
from tests.faults.steps import WITHOUT_EFFECT, Fault, Kind, Step

_ROOTS = ("diptych:{orders:0}:", "diptych:{families:0}:")

Damage = Callable[[Any, str, random.Random], str]


def damage(change: Damage) -> Fault:
    """Changes the live generation of one of the projections, once."""

    @contextmanager
    def damaged(arena: Arena, step: Step) -> Iterator[str]:
        chance = step.chance
        root = chance.choice(_ROOTS)
        with redis.Redis.from_url(arena.admin_redis_url) as client:
            live = client.get(f"{root}live")
            what = change(client, f"{root}g{int(live)}:", chance) if live is not None else WITHOUT_EFFECT
            if live is not None:
                arena.damaged[root] = int(live)
        yield what

    return damaged


def _key_gone(client: Any, prefix: str, chance: random.Random) -> str:
    keys = [key for key in _keys(client, prefix) if not key.endswith(":checkpoint")]
    if not keys:
        return WITHOUT_EFFECT
    key = chance.choice(keys)
    client.delete(key)
    return key


def _row_gone(client: Any, prefix: str, chance: random.Random) -> str:
    key, field = _row(client, prefix, chance)
    if key:
        client.hdel(key, field)
    return f"{key} {field}" if key else WITHOUT_EFFECT


def _row_changed(client: Any, prefix: str, chance: random.Random) -> str:
    key, field = _row(client, prefix, chance)
    value = client.hget(key, field) if key else None
    if isinstance(value, bytes):
        place = chance.randrange(len(value))
        changed = value[:place] + bytes((value[place] ^ 1 << chance.randrange(8),)) + value[place + 1 :]
        client.hset(key, field, changed)
    return f"{key} {field}" if key else WITHOUT_EFFECT


def _set_back(client: Any, prefix: str, chance: random.Random) -> str:
    client.hset(f"{prefix}checkpoint", "position", "0")
    return f"{prefix}checkpoint at 0"


def _row(client: Any, prefix: str, chance: random.Random) -> tuple[str, str]:
    views = [key for key in _keys(client, prefix) if key.startswith(f"{prefix}d:")]
    fields = [(key, field.decode()) for key in views for field in sorted(client.hkeys(key))]
    return chance.choice(fields) if fields else ("", "")


def _keys(client: Any, prefix: str) -> list[str]:
    # Braces are the text of a name here, not a pattern.
    return sorted(key.decode() for key in client.scan_iter(match=f"{prefix}*", count=1000))


KINDS = {
    "damage.key_gone": Kind(fault=damage(_key_gone), weight=4),
    "damage.row_gone": Kind(fault=damage(_row_gone), weight=4),
    "damage.row_changed": Kind(fault=damage(_row_changed), weight=4),
    "damage.set_back": Kind(fault=damage(_set_back), weight=4),
}
