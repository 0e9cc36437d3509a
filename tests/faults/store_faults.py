"""Faults of the two stores: crashes of Postgres and of its backends, and each way for Valkey to lose data."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from local_stack.valkey import ValkeyServer
from tests.faults.arena import Arena
from tests.faults.steps import WITHOUT_EFFECT, Fault, Kind, Step

_OWN_NAMES = ("diptych event store", "diptych event log")


@contextmanager
def postgres_crash(arena: Arena, step: Step) -> Iterator[str]:
    """kill -9 of the server, or a stop without any writing (SIGQUIT); what was committed must be there."""
    way = step.chance.choice(("killed", "stopped at once"))
    if way == "killed":
        arena.stack.kill("postgres")
    else:
        os.kill(arena.stack.pid("postgres"), signal.SIGQUIT)
        arena.stack.server("postgres").stop()
    yield way
    arena.stack.start_part("postgres")


@contextmanager
def postgres_restart(arena: Arena, step: Step) -> Iterator[str]:
    """The server goes and comes back in good order."""
    arena.stack.stop_part("postgres")
    yield "stopped"
    arena.stack.start_part("postgres")


@contextmanager
def backend_kill(arena: Arena, step: Step) -> Iterator[str]:
    """kill -9 of one session's process: Postgres drops all sessions and recovers."""
    backend = _backend(arena, step)
    if backend is not None:
        _signal(backend, signal.SIGKILL)
    yield "a session" if backend is not None else f"no session there{WITHOUT_EFFECT}"


@contextmanager
def backend_stop(arena: Arena, step: Step) -> Iterator[str]:
    """One session's process gets no time, and keeps whatever it has locked."""
    backend = _backend(arena, step)
    if backend is not None:
        _signal(backend, signal.SIGSTOP)
    yield "a session" if backend is not None else f"no session there{WITHOUT_EFFECT}"
    if backend is not None:
        _signal(backend, signal.SIGCONT)


@contextmanager
def backend_end(arena: Arena, step: Step) -> Iterator[str]:
    """One session is ended by an administrator."""
    backend = _backend(arena, step)
    if backend is not None:
        with arena.database() as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", (backend,))
    yield "a session" if backend is not None else f"no session there{WITHOUT_EFFECT}"


@contextmanager
def postgres_stop(arena: Arena, step: Step) -> Iterator[str]:
    """The server and all its sessions get no time."""
    pid = arena.stack.pid("postgres")
    family = [pid, *_children(pid)]
    for each in family:
        _signal(each, signal.SIGSTOP)
    try:
        yield f"{len(family)} processes"
    finally:
        for each in family:
            _signal(each, signal.SIGCONT)


def valkey_crash(change: Callable[[ValkeyServer], None] | None = None) -> Fault:
    """kill -9; before it comes back, its data may be changed."""

    @contextmanager
    def crashed(arena: Arena, step: Step) -> Iterator[str]:
        server = arena.valkey
        arena.stack.kill("valkey")
        if change is not None:
            change(server)
        yield "killed"
        arena.stack.start_part("valkey")

    return crashed


@contextmanager
def valkey_old_data(arena: Arena, step: Step) -> Iterator[str]:
    """It comes back with what it had on disk some time ago."""
    server = arena.valkey
    old = arena.directory / "valkey-old"
    shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(server.data, old)
    yield "with its data of before"
    arena.stack.kill("valkey")
    shutil.rmtree(server.data)
    shutil.copytree(old, server.data)
    arena.stack.start_part("valkey")


@contextmanager
def valkey_flush(arena: Arena, step: Step) -> Iterator[str]:
    """Somebody empties it while it runs."""
    with redis.Redis.from_url(arena.admin_redis_url) as client:
        client.flushall()
    yield "emptied"


@contextmanager
def valkey_stop(arena: Arena, step: Step) -> Iterator[str]:
    """It gets no time; what was sent to it is done later."""
    with arena.stack.frozen("valkey"):
        yield "stopped"


def _lose_everything(server: ValkeyServer) -> None:
    shutil.rmtree(server.data)
    server.data.mkdir(mode=0o700)


def _tear_tail(server: ValkeyServer) -> None:
    """A crash of the machine may leave the last write half on disk."""
    newest = max(server.data.rglob("*.incr.aof"), key=lambda path: path.stat().st_mtime)
    size = newest.stat().st_size
    with newest.open("r+b") as file:
        file.truncate(max(0, size - min(size // 2, 777)))


def _backend(arena: Arena, step: Step) -> int | None:
    """The process of one of our sessions, a busy one where there is one."""
    with arena.database() as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = ANY(%s)"
            " ORDER BY state = 'active' DESC, pid",
            (list(_OWN_NAMES),),
        ).fetchall()
    return step.chance.choice(rows[:4])[0] if rows else None


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in listed.split()]


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        # It went by itself meanwhile, as sessions do.
        return


KINDS = {
    "postgres.crash": Kind(fault=postgres_crash, longest_seconds=1.5),
    "postgres.restart": Kind(fault=postgres_restart, weight=4),
    "postgres.backend_kill": Kind(fault=backend_kill, longest_seconds=0.2),
    "postgres.backend_stop": Kind(fault=backend_stop, shortest_seconds=0.2, longest_seconds=9.0),
    "postgres.backend_end": Kind(fault=backend_end, longest_seconds=0.2),
    "postgres.stop": Kind(fault=postgres_stop, shortest_seconds=0.2, longest_seconds=9.0, weight=5),
    "valkey.crash": Kind(fault=valkey_crash()),
    "valkey.torn_tail": Kind(fault=valkey_crash(_tear_tail)),
    "valkey.empty": Kind(fault=valkey_crash(_lose_everything), weight=5),
    "valkey.old_data": Kind(fault=valkey_old_data, shortest_seconds=0.5, longest_seconds=3.0),
    "valkey.flush": Kind(fault=valkey_flush, weight=5),
    "valkey.stop": Kind(fault=valkey_stop, shortest_seconds=0.2, longest_seconds=8.0),
}
