"""Projectors that sleep longer than their lease and wake up before a write that is no more theirs."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from failpoints import Failpoint
from local_stack import processes
from tests.faults.arena import PROJECTORS, Arena
from tests.faults.steps import WITHOUT_EFFECT, Fault, Kind, Step
from tests.faults.wellness import PROJECTIONS

ZOMBIES = "zombies"
_COMING_SECONDS = 20.0
# A projector that is kept busy says with each batch that it lives, and so hardly ever with nothing else.
_BEAT, _BEAT_SECONDS = "beat.before_send", 3.0
_REFUSED = "Fenced:"
# So many in a row where a lease is short, else few: each has to sleep longer than it.
_SHORT_SECONDS, _MANY, _FEW = 2.0, 15, 2


def zombie(point: str) -> Fault:
    """Both projectors stop at a point, each whenever it leads; each wakes up when the other leads instead."""

    @contextmanager
    def slept(arena: Arena, step: Step) -> Iterator[str]:
        chance = step.chance
        for name in PROJECTORS:
            failpoint = Failpoint(
                name=point,
                action="stop",
                seconds=chance.uniform(0, 0.004) if point.endswith("under_way") else 0.0,
                hit=1 if point == _BEAT else chance.randint(2, 9),
                is_repeated=True,
            )
            arena.kill(name)
            arena.launch(name, {"DIPTYCH_FAILPOINTS": str(failpoint)})
        arena.ready()
        most = _MANY if arena.lease_seconds <= _SHORT_SECONDS and point != _BEAT else _FEW
        coming_seconds = _BEAT_SECONDS if point == _BEAT else _COMING_SECONDS
        refused = sum(_refused_write(arena, coming_seconds) for _ in range(most))
        arena.counts[ZOMBIES] += refused
        yield f"{refused} of {most} {point}{'' if refused else WITHOUT_EFFECT}"
        for name in PROJECTORS:
            arena.kill(name)
            arena.launch(name, {"DIPTYCH_FAILPOINTS": ""})

    return slept


def _refused_write(arena: Arena, coming_seconds: float) -> bool:
    """One sleeps, the other leads, it wakes up; whether it was told then that it leads no more."""
    if not processes.wait_until(lambda: bool(_succeeded(arena)) or len(_sleepers(arena)) > 1, coming_seconds):
        return False
    succeeded = _succeeded(arena)
    # Where each has the lease of one projection and both are asleep, neither is a zombie.
    name = (succeeded or _sleepers(arena))[0]
    before = arena.stack.log(name).count(_REFUSED)
    os.kill(arena.stack.pid(name), signal.SIGCONT)
    if not succeeded:
        return False
    return processes.wait_until(lambda: arena.stack.log(name).count(_REFUSED) > before, _COMING_SECONDS)


def _succeeded(arena: Arena) -> list[str]:
    """The sleepers whose leases all went to the other one."""
    return [
        name for name in _sleepers(arena) if all(_leads(arena, each) for each in PROJECTORS if each != name)
    ]


def _sleepers(arena: Arena) -> list[str]:
    return [name for name in PROJECTORS if _state(arena.stack.pid(name)) == "T"]


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def _leads(arena: Arena, name: str) -> bool:
    """Whether it was the last to be granted the lease of every projection."""
    address = arena.stack.address(name)
    with redis.Redis.from_url(arena.admin_redis_url, decode_responses=True) as client:
        holders = [client.hget(f"diptych:{{{each}:0}}:lease", "holder") for each in PROJECTIONS]
    return all(str(holder).endswith(f"/{address}") for holder in holders)


KINDS = {
    f"zombie.{point}": Kind(fault=zombie(point), weight=weight, longest_seconds=0.0)
    for point, weight in (("apply.before_send", 4), ("apply.under_way", 2), (_BEAT, 1))
}
