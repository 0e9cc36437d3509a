"""Clocks that step: of the log, of the read models' store, of our own processes, an hour back or ahead."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from tests.faults.arena import Arena
from tests.faults.sabotage.clock import KEY
from tests.faults.steps import Fault, Kind, Step

_STEPS = (-3600, -60, -5, 5, 60, 3600)


def stepped(*clocks: str) -> Fault:
    """These clocks step, and step back at the end."""

    @contextmanager
    def moved(arena: Arena, step: Step) -> Iterator[str]:
        if not arena.has_clocks:
            raise RuntimeError("a run with this fault begins with clocks that can be stepped")
        seconds = step.chance.choice(_STEPS)
        for clock in clocks:
            _MOVES[clock](arena, seconds)
        try:
            yield f"{' and '.join(clocks)} by {seconds} s"
        finally:
            for clock in clocks:
                _MOVES[clock](arena, 0)

    return moved


def _move_postgres(arena: Arena, seconds: int) -> None:
    with arena.database() as connection, connection.transaction():
        connection.execute("DELETE FROM event_log.clock_step")
        connection.execute("INSERT INTO event_log.clock_step VALUES (%s)", (seconds,))


def _move_valkey(arena: Arena, seconds: int) -> None:
    with redis.Redis.from_url(arena.admin_redis_url) as client:
        client.set(KEY, seconds)


def _move_processes(arena: Arena, seconds: int) -> None:
    file = arena.clock_file
    new = file.with_suffix(".new")
    new.write_text(str(seconds), encoding="ascii")
    new.rename(file)


_MOVES = {"postgres": _move_postgres, "valkey": _move_valkey, "processes": _move_processes}

KINDS = {
    **{
        f"clock.{clock}": Kind(fault=stepped(clock), shortest_seconds=0.2, longest_seconds=4.0)
        for clock in _MOVES
    },
    "clock.all": Kind(fault=stepped(*_MOVES), shortest_seconds=0.2, longest_seconds=4.0),
}
