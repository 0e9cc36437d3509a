"""Restores of the log from a backup: what was appended since is gone, and a new epoch begins."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from event_store import BegunEpoch
from local_stack import processes
from local_stack.postgres import DATABASE, PostgresServer
from tests.faults.arena import Arena
from tests.faults.checker.log_dump import Fork
from tests.faults.links import Trouble
from tests.faults.steps import Fault, Kind, Step

_MOMENT = "faults"
_RECOVERY_SECONDS = 60.0


@contextmanager
def copy_of_files(arena: Arena, step: Step) -> Iterator[str]:
    """A copy of the stopped server's files is put back after a while of load."""
    server = _postgres(arena)
    backup = arena.directory / "postgres-backup"
    shutil.rmtree(backup, ignore_errors=True)
    arena.stack.stop_part("postgres")
    shutil.copytree(server.cluster, backup, symlinks=True)
    arena.stack.start_part("postgres")
    yield "from a copy of the files"
    with _nobody_connected(arena):
        arena.stack.kill("postgres")
        shutil.rmtree(server.cluster)
        shutil.copytree(backup, server.cluster, symlinks=True)
        begun = _begin_epoch(arena)
    _note_fork(arena, begun)


@contextmanager
def dump(arena: Arena, step: Step) -> Iterator[str]:
    """A dump that was made under load is loaded into a new database."""
    server, file = _postgres(arena), arena.directory / "postgres.dump"
    _run(server, "pg_dump", "--format=custom", f"--file={file}", f"--dbname={server.admin_url}")
    yield "from a dump"
    with _nobody_connected(arena):
        everywhere = server.admin_url.replace(f"/{DATABASE}?", "/postgres?")
        with psycopg.connect(everywhere, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {DATABASE}")
        _run(server, "pg_restore", "--exit-on-error", f"--dbname={server.admin_url}", str(file))
        begun = _begin_epoch(arena)
    _note_fork(arena, begun)


@contextmanager
def point_in_time(arena: Arena, step: Step) -> Iterator[str]:
    """A copy made under load, brought on by the write-ahead log to a moment after it."""
    server = _postgres(arena)
    backup, wal = arena.directory / "postgres-running", arena.directory / "postgres-wal"
    shutil.rmtree(backup, ignore_errors=True)
    _copy_while_running(server, backup)
    # No wait for anything: so that the log to be brought on is not empty.
    time.sleep(step.hold_seconds / 2)
    with psycopg.connect(arena.admin_database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_create_restore_point(%s)", (_MOMENT,))
    yield "to a moment"
    with _nobody_connected(arena):
        # Killed: with a last checkpoint it would give up the oldest of its write-ahead log.
        arena.stack.kill("postgres")
        shutil.rmtree(wal, ignore_errors=True)
        for cluster in (backup, server.cluster):
            shutil.copytree(cluster / "pg_wal", wal, dirs_exist_ok=True)
        shutil.rmtree(server.cluster)
        shutil.copytree(backup, server.cluster, symlinks=True)
        _recover(server, wal)
        arena.stack.start_part("postgres")
        assert processes.wait_until(lambda: _is_primary(arena), _RECOVERY_SECONDS)
        (server.cluster / "postgresql.auto.conf").write_text("", encoding="utf-8")
        begun = _begin_epoch(arena)
    _note_fork(arena, begun)


def _copy_while_running(server: PostgresServer, backup: Path) -> None:
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute("SELECT pg_backup_start('faults', fast => true)")
        # Files may come and go meanwhile; the write-ahead log makes up for it.
        subprocess.run(["/bin/cp", "-a", str(server.cluster), str(backup)], check=False, capture_output=True)
        row = connection.execute("SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)").fetchone()
    assert row is not None
    (backup / "backup_label").write_text(row[0], encoding="utf-8")
    (backup / "postmaster.pid").unlink(missing_ok=True)


def _recover(server: PostgresServer, wal: Path) -> None:
    lines = (
        f'restore_command = \'cp "{wal}/%f" "%p"\'',
        f"recovery_target_name = '{_MOMENT}'",
        "recovery_target_action = 'promote'",
    )
    (server.cluster / "postgresql.auto.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (server.cluster / "recovery.signal").touch()
    for file in (server.cluster / "pg_wal").iterdir():
        if file.is_file():
            file.unlink()


def _is_primary(arena: Arena) -> bool:
    with psycopg.connect(arena.admin_database_url) as connection:
        row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    return row == (False,)


def _run(server: PostgresServer, program: str, *arguments: str) -> None:
    subprocess.run([str(server._binaries / program), *arguments], check=True, capture_output=True)


@contextmanager
def _nobody_connected(arena: Arena) -> Iterator[None]:
    """As operators are told: no service may meet a restored log before its new epoch has begun."""
    names = arena.links_of("postgres")
    for name in names:
        arena.links.trouble(name, Trouble(refuses=True))
        arena.links.reset(name)
    try:
        yield
    finally:
        for name in names:
            arena.links.trouble(name, Trouble())


def _begin_epoch(arena: Arena) -> BegunEpoch:
    """By the product's own command, which starts the server if need be and stops it."""
    begun = arena.stack.begin_epoch()
    arena.stack.start_part("postgres")
    return begun


def _note_fork(arena: Arena, begun: BegunEpoch) -> None:
    """From now on everybody can know."""
    position = begun.last_common_position
    for epoch, fork in arena.forks.items():
        common = min(fork.common_position, position)
        arena.forks[epoch] = Fork(common_position=common, replaced_at=fork.replaced_at)
    arena.forks[begun.ended_epoch] = Fork(common_position=position, replaced_at=time.monotonic())


def _postgres(arena: Arena) -> PostgresServer:
    server = arena.stack.server("postgres")
    assert isinstance(server, PostgresServer)
    return server


def _restore(fault: Fault) -> Kind:
    # Waited for: from a log that can't be reached, nobody can learn that it was restored.
    return Kind(fault=fault, shortest_seconds=0.5, longest_seconds=4.0, waited_chance=1.0)


KINDS = {
    "restore.files": _restore(copy_of_files),
    "restore.dump": _restore(dump),
    "restore.point_in_time": _restore(point_in_time),
}
