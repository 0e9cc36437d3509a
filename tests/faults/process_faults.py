"""Faults of the product's own processes: killed, drained, stopped in time, struck at a failpoint."""

import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from failpoints import POINTS, REACHED, Action, Failpoint
from local_stack import processes
from tests.faults.arena import KILLS, PROCESSES, PROJECTORS, READS, WRITES, Arena
from tests.faults.rebuild_faults import KILLED_REBUILDS, begin_rebuild, rebuild_and_drop
from tests.faults.steps import WITHOUT_EFFECT, Fault, Kind, Step

_STRIKE_SECONDS = 15.0
_WITH_CONNECTION = ("append.before_send", *POINTS["projector"])
_MOST_HITS = {
    "reply.before_send": 50,
    "query.read": 50,
    "page.before_send": 30,
    "beat.before_send": 3,
    "lease.granted": 2,
    "generation.before_start": 2,
    "generation.started": 2,
    "query.before_wait": 5,
    **{point: 1 for point in POINTS["projector"] if point.startswith("rebuild.")},
}


def kill(names: tuple[str, ...]) -> Fault:
    """kill -9 of one of these, or now and then of all at once."""

    @contextmanager
    def killed(arena: Arena, step: Step) -> Iterator[str]:
        chance = step.chance
        struck = names if chance.random() < 0.15 else (chance.choice(names),)
        for name in struck:
            arena.kill(name)
        yield ", ".join(struck)
        for name in struck:
            arena.launch(name)

    return killed


@contextmanager
def killed_together(arena: Arena, step: Step) -> Iterator[str]:
    """kill -9 of some of all processes, of whichever kind, in any order."""
    chance = step.chance
    struck = chance.sample(PROCESSES, chance.randint(2, len(PROCESSES)))
    for name in struck:
        arena.kill(name)
    yield ", ".join(struck)
    for name in struck:
        arena.launch(name)


@contextmanager
def drained(arena: Arena, step: Step) -> Iterator[str]:
    """SIGTERM, as a deployment does it."""
    name = step.chance.choice(PROCESSES)
    arena.ready(name)
    arena.stack.stop_part(name)
    yield name
    arena.launch(name)


def stop(names: tuple[str, ...]) -> Fault:
    """SIGSTOP of one of these; it wakes up and knows of no time that has passed."""

    @contextmanager
    def stopped(arena: Arena, step: Step) -> Iterator[str]:
        name = step.chance.choice(names)
        arena.ready(name)
        with arena.stack.frozen(name):
            yield name

    return stopped


def strike(point: str, names: tuple[str, ...]) -> Fault:
    """One of these comes to a failpoint that is armed; if it never does, it is killed after a while."""

    @contextmanager
    def struck(arena: Arena, step: Step) -> Iterator[str]:
        chance = step.chance
        name = chance.choice(names)
        failpoint = Failpoint(
            name=point,
            action=chance.choice(_actions(point)),
            seconds=chance.uniform(0, 0.004) if point.endswith("under_way") else chance.choice((0, 0.2)),
            hit=chance.randint(1, _MOST_HITS.get(point, 12)),
        )
        came = _come_to(arena, name, failpoint)
        yield f"{name} {failpoint}{'' if came else WITHOUT_EFFECT}"
        if arena.runs(name):
            # A sleeper wakes up first, so that what it was about to do is tried.
            os.kill(arena.stack.pid(name), signal.SIGCONT)
            processes.wait_until(lambda: not arena.runs(name), 0.2)
            arena.stack.kill(name)
        # By itself or by us.
        arena.counts[KILLS] += 1
        arena.counts[KILLED_REBUILDS] += came and point.startswith("rebuild.")
        arena.launch(name, {"DIPTYCH_FAILPOINTS": ""})

    return struck


def _actions(point: str) -> tuple[Action, ...]:
    if point.endswith("under_way"):
        return "kill", "stop", "lose"
    # A reply has no connection to a store; what a lost line to a caller is, links show.
    return ("kill", "stop", "delay", "lose") if point in _WITH_CONNECTION else ("kill", "stop", "delay")


def _come_to(arena: Arena, name: str, failpoint: Failpoint) -> bool:
    """Start a process anew until it says that it has come to the failpoint; whether it did in time."""
    others = [each for each in PROJECTORS if name in PROJECTORS and each != name]
    with contextlib.ExitStack() as frozen:
        arena.ready(*others)
        for other in others:
            # A stand-by comes to hardly any failpoint, so this one must lead.
            frozen.enter_context(arena.stack.frozen(other))
        before, address = arena.stack.log(name).count(REACHED), arena.stack.address(name)
        arena.kill(name)
        arena.stack.launch_part(name, {"DIPTYCH_FAILPOINTS": str(failpoint)})
        if failpoint.name.startswith("generation."):
            with redis.Redis.from_url(arena.admin_redis_url) as client:
                client.flushall()
        if failpoint.name == "rebuild.before_drop":
            rebuild_and_drop(address, "orders", timeout_seconds=_STRIKE_SECONDS)
        elif failpoint.name.startswith("rebuild."):
            begin_rebuild(address, "orders")
        return processes.wait_until(lambda: arena.stack.log(name).count(REACHED) > before, _STRIKE_SECONDS)


def _strikes(module: str, names: tuple[str, ...], *, longest_seconds: float) -> dict[str, Kind]:
    return {
        f"strike.{module}.{point}": Kind(
            fault=strike(point, names), weight=4, longest_seconds=longest_seconds
        )
        for point in POINTS[module]
    }


def _kill(names: tuple[str, ...], *, weight: int) -> Kind:
    return Kind(fault=kill(names), weight=weight, longest_seconds=0.4, waited_chance=0.3)


KINDS = {
    "kill.write_service": _kill(WRITES, weight=20),
    "kill.projector": _kill(PROJECTORS, weight=20),
    "kill.read_service": _kill(READS, weight=15),
    "kill.together": Kind(fault=killed_together, weight=20, longest_seconds=0.3),
    "drain": Kind(fault=drained),
    "stop.write_service": Kind(fault=stop(WRITES), shortest_seconds=0.1, longest_seconds=5.0),
    "stop.projector": Kind(fault=stop(PROJECTORS), shortest_seconds=0.1, longest_seconds=4.0),
    "stop.read_service": Kind(fault=stop(READS), shortest_seconds=0.1, longest_seconds=4.0, weight=6),
    # Longer than the lease: the other one takes over.
    "handover": Kind(fault=kill(PROJECTORS), weight=4, shortest_seconds=5.5, longest_seconds=7.0),
    **_strikes("write_service", WRITES, longest_seconds=0.5),
    # Where leases are short, the other projector takes over meanwhile.
    **_strikes("projector", PROJECTORS, longest_seconds=1.5),
    **_strikes("read_service", READS, longest_seconds=0.5),
}
