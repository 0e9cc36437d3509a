"""A Postgres for one module of tests alone, since it is stopped and killed, with a TCP port for proxies."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.postgres import PostgresServer
from tests.ports import free_ports
from tests.postgres_server import LogDatabase, copy_of_log, prepare_log, server_settings, stop_at_once


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """The server."""
    [port] = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="diptych-postgres-") as folder:
        server = PostgresServer(Path(folder) / "postgres", server_settings(tcp_port=port))
        server.start()
        try:
            asyncio.run(prepare_log(server))
            yield server
        finally:
            stop_at_once(server)


@pytest.fixture
def own_log(own_server: PostgresServer) -> LogDatabase:
    """An empty log on that server."""
    return copy_of_log(own_server)
