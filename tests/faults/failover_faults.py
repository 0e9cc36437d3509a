"""Valkey's primary dies, and a replica that has not heard of the last writes takes its place."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import redis

from local_stack import processes
from local_stack.valkey import ADMIN, ValkeyServer
from tests.faults.arena import Arena
from tests.faults.links import Links, Trouble
from tests.faults.steps import Kind, Step
from tests.ports import free_ports

_SYNC_SECONDS = 60.0


@contextmanager
def failover(arena: Arena, step: Step) -> Iterator[str]:
    """What was written while replication was held up is gone, and everybody finds the replica instead."""
    primary = arena.valkey
    lines = Links()
    try:
        line = lines.add("replica/primary", f"127.0.0.1:{primary.settings.tcp_port}")
        replica = _replica(arena, step, primary, line.port)
        replica.start()
        assert processes.wait_until(lambda: _is_in_step(replica), _SYNC_SECONDS), "no replication"
        lines.trouble(line.name, Trouble(silent=frozenset({"request", "answer"})))
        yield "to a replica that is behind"
    finally:
        lines.close()
    arena.stack.kill("valkey")
    with redis.Redis.from_url(replica.admin_url) as client:
        client.execute_command("REPLICAOF", "NO", "ONE")
    # As it is to come back from now on.
    replica.settings = replace(replica.settings, extra=())
    arena.stack.replace_server("valkey", replica)
    arena.links.retarget("valkey", urlsplit(replica.admin_url).path)
    shutil.rmtree(primary.directory)


def _replica(arena: Arena, step: Step, primary: ValkeyServer, port: int) -> ValkeyServer:
    [own_port] = free_ports(1)
    extra = (
        f"replicaof 127.0.0.1 {port}",
        f"masteruser {ADMIN}",
        f"masterauth {urlsplit(primary.admin_url).password}",
        "repl-diskless-sync-delay 0",
    )
    settings = replace(primary.settings, tcp_port=own_port, extra=extra)
    return ValkeyServer(arena.directory / "stack" / f"valkey-{step.number}", settings)


def _is_in_step(replica: ValkeyServer) -> bool:
    with redis.Redis.from_url(replica.admin_url) as client:
        found: Any = client.info("replication")
    return bool(found.get("master_link_status") == "up")


KINDS = {"valkey.failover": Kind(fault=failover, shortest_seconds=0.2, longest_seconds=2.0)}
