"""What is in the log stays as it is: by grant for the services, by trigger for everyone."""

from uuid import uuid4

import psycopg
import pytest

from event_store import EventStore
from local_stack.postgres import PostgresServer
from tests.postgres_server import LogDatabase, copy_of_log
from tests.stores.appends import an_append, appended

COLUMNS = {"events": "actor", "commands": "stream", "event_types": "name", "descriptor_sets": "content"}
TABLES = tuple(COLUMNS)
ROLES = ("admin", "owner", "writer", "projector")


@pytest.fixture(scope="module")
def log_database(postgres_server: PostgresServer) -> LogDatabase:
    """One log for this module, since nothing here may change one."""
    return copy_of_log(postgres_server)


def _connect(database: LogDatabase, role: str) -> psycopg.Connection:
    addresses = {"writer": database.writer_url, "projector": database.projector_url}
    connection = psycopg.connect(addresses.get(role, database.admin_url), autocommit=True)
    if role == "owner":
        connection.execute("SET ROLE diptych_owner")
    return connection


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", TABLES)
async def test_nobody_changes_or_removes_a_row(
    event_store: EventStore, log_database: LogDatabase, role: str, table: str
) -> None:
    await appended(event_store, an_append(f"order-{uuid4()}", 0))
    column = COLUMNS[table]
    with _connect(log_database, role) as connection:
        for change in (
            f"UPDATE event_log.{table} SET {column} = {column}",  # noqa: S608 - the names above
            f"DELETE FROM event_log.{table}",  # noqa: S608
            f"DELETE FROM event_log.{table} WHERE false",  # noqa: S608
            f"TRUNCATE event_log.{table} CASCADE",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change.encode())


async def test_replica_mode_is_no_way_around(event_store: EventStore, log_database: LogDatabase) -> None:
    await appended(event_store, an_append(f"order-{uuid4()}", 0))
    with _connect(log_database, "admin") as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute("DELETE FROM event_log.events")


@pytest.mark.parametrize("role", ["writer", "projector"])
@pytest.mark.parametrize("table", [*TABLES, "log_head", "snapshots"])
def test_the_services_cannot_write_a_table_directly(log_database: LogDatabase, role: str, table: str) -> None:
    with (
        _connect(log_database, role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"),
    ):
        connection.execute(f"INSERT INTO event_log.{table} DEFAULT VALUES".encode())


@pytest.mark.parametrize("role", ["admin", "owner", "writer", "projector"])
def test_the_head_cannot_go_away(log_database: LogDatabase, role: str) -> None:
    with _connect(log_database, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM event_log.log_head")


def test_only_the_writer_appends(log_database: LogDatabase) -> None:
    call = "SELECT event_log.save_snapshot('order-1', 1, ''::bytea, ''::bytea, '{}', '{}')"
    with _connect(log_database, "writer") as connection:
        connection.execute(call.encode())
    with (
        _connect(log_database, "projector") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"),
    ):
        connection.execute(call.encode())


@pytest.mark.parametrize("table", ["commands", "snapshots"])
def test_the_projector_sees_no_answers_and_no_snapshots(log_database: LogDatabase, table: str) -> None:
    with (
        _connect(log_database, "projector") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"),
    ):
        connection.execute(f"SELECT 1 FROM event_log.{table}".encode())  # noqa: S608


def test_the_owner_of_the_log_cannot_log_in(log_database: LogDatabase) -> None:
    with psycopg.connect(log_database.admin_url) as connection:
        roles = connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper FROM pg_roles WHERE rolname LIKE 'diptych\\_%' ORDER BY 1"
        ).fetchall()
        owners = connection.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'event_log'"
        ).fetchall()
    assert ("diptych_owner", False, False) in roles
    assert ("diptych_writer", True, False) in roles
    assert owners == [("diptych_owner",)]
