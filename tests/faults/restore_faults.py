"""Restores of the log from a backup: what was appended since is gone, and a new epoch begins."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from local_stack.postgres import PostgresServer
from tests.faults.arena import Arena
from tests.faults.checker.log_dump import Fork
from tests.faults.links import Trouble
from tests.faults.steps import Kind, Step


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
        arena.stack.start_part("postgres")
        _begin_epoch(arena)


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


def _begin_epoch(arena: Arena) -> None:
    with psycopg.connect(arena.admin_database_url) as connection:
        row = connection.execute("SELECT epoch, position FROM event_log.log_head FOR UPDATE").fetchone()
        assert row is not None
        ended, position = row
        connection.execute("UPDATE event_log.log_head SET epoch = gen_random_uuid()")
    for epoch, fork in arena.forks.items():
        common = min(fork.common_position, position)
        arena.forks[epoch] = Fork(common_position=common, replaced_at=fork.replaced_at)
    arena.forks[ended] = Fork(common_position=position, replaced_at=time.monotonic())


def _postgres(arena: Arena) -> PostgresServer:
    server = arena.stack.server("postgres")
    assert isinstance(server, PostgresServer)
    return server


KINDS = {"restore.files": Kind(fault=copy_of_files, shortest_seconds=0.5, longest_seconds=4.0)}
