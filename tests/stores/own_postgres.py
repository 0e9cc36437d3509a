"""A Postgres for one module of tests alone, since it is stopped and killed, with a TCP port for proxies."""

from collections.abc import Iterator

import pytest

from local_stack.postgres import PostgresServer
from tests.ports import free_ports
from tests.postgres_server import LogDatabase, copy_of_log, prepared_server, server_settings


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """The server."""
    [port] = free_ports(1)
    with prepared_server(server_settings(tcp_port=port)) as server:
        yield server


@pytest.fixture
def own_log(own_server: PostgresServer) -> LogDatabase:
    """An empty log on that server."""
    return copy_of_log(own_server)
