"""A real Postgres for the tests: one server a run, a migrated database of its own for each test."""

import asyncio
import itertools
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from google.protobuf import descriptor_pb2
from psycopg import sql

from event_store import EventLog, EventStore, create_roles, migrate
from local_stack.postgres import PostgresServer, PostgresSettings

WRITER_PASSWORD = "writer's password"  # noqa: S105 - of a server that lives for one run
PROJECTOR_PASSWORD = "projector's password"  # noqa: S105
EVENT_TYPES = ("test.v1.Happened", "test.v1.Ended")
TEMPLATE = "diptych"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogDatabase:
    """A migrated database with an empty log, by its three addresses and the server it is on."""

    name: str
    admin_url: str
    writer_url: str
    projector_url: str
    server: PostgresServer


def server_settings(tcp_port: int | None = None) -> PostgresSettings:
    """A small server; it flushes as in production, since tests kill it."""
    return PostgresSettings(tcp_port=tcp_port, max_connections=60, shared_buffers="64MB")


def descriptor_set() -> bytes:
    """A descriptor set that explains EVENT_TYPES."""
    file = descriptor_pb2.FileDescriptorProto(name="test/v1/events.proto", package="test.v1")
    for name in EVENT_TYPES:
        file.message_type.add(name=name.removeprefix("test.v1."))
    return descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString(deterministic=True)


async def prepare_log(server: PostgresServer) -> None:
    """Roles and schema in the server's first database, which the tests' databases are copies of."""
    await create_roles(server.admin_url, WRITER_PASSWORD, PROJECTOR_PASSWORD)
    await migrate(server.admin_url)


def copy_of_log(server: PostgresServer) -> LogDatabase:
    """A new database with an empty log of its own epoch."""
    name = f"log_{next(_numbers)}"
    with psycopg.connect(
        server.admin_url.replace(f"/{TEMPLATE}?", "/postgres?"), autocommit=True
    ) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE))
        )
    admin_url = server.admin_url.replace(f"/{TEMPLATE}?", f"/{name}?")
    with psycopg.connect(admin_url) as connection:
        connection.execute("UPDATE event_log.log_head SET epoch = gen_random_uuid()")
    return LogDatabase(
        name=name,
        admin_url=admin_url,
        writer_url=server.url("diptych_writer", WRITER_PASSWORD, name),
        projector_url=server.url("diptych_projector", PROJECTOR_PASSWORD, name),
        server=server,
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The run's server, with roles made and a migrated database to copy."""
    with prepared_server(server_settings()) as server:
        yield server


@contextmanager
def prepared_server(settings: PostgresSettings) -> Iterator[PostgresServer]:
    """A server with roles made and a migrated database to copy, for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="diptych-postgres-") as folder:
        server = PostgresServer(Path(folder) / "postgres", settings)
        server.start()
        try:
            asyncio.run(prepare_log(server))
            yield server
        finally:
            stop_at_once(server)


def stop_at_once(server: PostgresServer) -> None:
    """Stops a server whose data nobody needs, without the last checkpoint of all its databases."""
    if server.pid is not None:
        os.kill(server.pid, signal.SIGQUIT)
    server.stop()


@pytest.fixture
def log_database(postgres_server: PostgresServer) -> LogDatabase:
    """An empty log for one test."""
    return copy_of_log(postgres_server)


@pytest.fixture
async def event_store(log_database: LogDatabase) -> AsyncIterator[EventStore]:
    """The write side of the test's log, with EVENT_TYPES registered."""
    async with _write_side(log_database) as store:
        yield store


@pytest.fixture
async def other_store(log_database: LogDatabase) -> AsyncIterator[EventStore]:
    """Another process's write side of the same log."""
    async with _write_side(log_database) as store:
        yield store


@asynccontextmanager
async def _write_side(database: LogDatabase) -> AsyncIterator[EventStore]:
    store = EventStore(database.writer_url)
    await store.open()
    await store.register_event_types(EVENT_TYPES, descriptor_set())
    yield store
    await store.close()


@pytest.fixture
async def event_log(log_database: LogDatabase) -> AsyncIterator[EventLog]:
    """The reading side of the test's log."""
    log = EventLog(log_database.projector_url)
    await log.open()
    yield log
    await log.close()
