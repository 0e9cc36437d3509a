"""What the figures were taken on: machine, versions, settings."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg
import redis

from bench.programs import ROOT
from bench.sizes import Sizes
from bench.stand import LOAD_PROCESSES, Stand
from service_kit.settings import Settings

_PACKAGES = ("grpcio", "protobuf", "protovalidate", "psycopg", "sqlalchemy", "redis", "hiredis", "uvloop")
_POSTGRES = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size")
# Peers whose versions their lists pin.
_PEERS = ("eventsourcing", "fastapi", "uvicorn", "sqlalchemy", "psycopg-pool")


def describe(stand: Stand) -> Mapping[str, str]:
    """By what it is, in the order to be printed."""
    with psycopg.connect(stand.postgres.admin_url) as connection:
        database = connection.info.server_version
        settings = {name: _shown(connection, name) for name in _POSTGRES}
    return {
        "taken at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": ", ".join((_processor(), f"{os.cpu_count()} cores", _memory(), platform.release())),
        "load before": f"{os.getloadavg()[0]:.1f} running processes, mean of a minute",
        "commit": _commit(),
        "versions": ", ".join(
            (
                f"Python {platform.python_version()}",
                f"PostgreSQL {database // 10_000}.{database % 10_000}",
                _valkey_version(stand),
                *(f"{name} {version(name)}" for name in _PACKAGES),
            )
        ),
        "peers": _peer_versions(stand),
        "Postgres": ", ".join(f"{name} = {value}" for name, value in settings.items()),
        "Valkey": "appendonly yes, appendfsync everysec",
        "gRPC engine": Settings().grpc_engine,
        "sizes": _sizes(stand.sizes),
        "load": f"{LOAD_PROCESSES} processes of raw sockets, one connection a client",
    }


def _shown(connection: "psycopg.Connection[tuple[str]]", name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return row[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    found = subprocess.run([git, "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, check=False)
    return found.stdout.decode().strip() or "unknown"


def _valkey_version(stand: Stand) -> str:
    with redis.Redis.from_url(stand.valkey.admin_url) as client:
        return f"Valkey {client.info('server')['valkey_version']}"


def _peer_versions(stand: Stand) -> str:
    lines = (ROOT / "bench" / "peers" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split()[0].split("==") for line in lines if "==" in line)
    shown = [f"{name} {pinned[name]}" for name in _PEERS]
    if stand.peers.node_modules is None:
        return ", ".join(shown)
    return ", ".join((*shown, *stand.peers.node_versions()))


def _sizes(sizes: Sizes) -> str:
    window = sizes.window
    return (
        f"{sizes.orders:,} orders, {sizes.families:,} families, "
        f"{sizes.repeats} repeats of {window.seconds:g} s after {window.warming_seconds:g} s, taken by turns"
    )
