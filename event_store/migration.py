"""Makes the roles and brings the schema of the log up to date; only ever forward."""

import asyncio
from importlib.resources import files

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from event_store.statements import functions, role_statement

_LOCK = 7_305_116_248_190_417_733  # "this database is being migrated", for whoever else tries


async def create_roles(admin_url: str, writer_password: str, projector_password: str) -> None:
    """Makes owner, writer and projector where they are missing, and sets the passwords of the last two.

    Needs a superuser or a role with CREATEROLE. The server only ever sees SCRAM verifiers.
    """
    passwords = {"diptych_writer": writer_password, "diptych_projector": projector_password}
    await asyncio.to_thread(_create_roles, admin_url, passwords)


async def migrate(owner_url: str) -> None:
    """Brings the schema to the newest version, in one transaction; does nothing when it is there already.

    Needs a superuser, or a role that may create schemas and is a member of diptych_owner.
    """
    await asyncio.to_thread(_migrate, owner_url)


def _create_roles(admin_url: str, passwords: dict[str, str]) -> None:
    with _engine(admin_url).begin() as owner:
        connection = owner.connection.driver_connection
        assert isinstance(connection, psycopg.Connection)  # noqa: S101 - narrows the type for mypy
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute(role_statement("create_roles").encode())
        for role, password in passwords.items():
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            connection.execute(
                "SELECT set_config('diptych.role', %s, true), set_config('diptych.verifier', %s, true)",
                (role, verifier.decode()),
            )
            connection.execute(role_statement("allow_login").encode())


def _migrate(owner_url: str) -> None:
    with _engine(owner_url).begin() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.exec_driver_sql(role_statement("create_schema"))
        connection.exec_driver_sql("SET LOCAL ROLE diptych_owner")
        command.upgrade(_configuration(connection), "head")
        # Functions aren't versioned: the ones of this build replace whatever stands there.
        for definition in functions():
            connection.exec_driver_sql(definition.replace("%", "%%"))


def _configuration(connection: Connection) -> Config:
    configuration = Config(attributes={"connection": connection})
    configuration.set_main_option("script_location", str(files("event_store") / "migrations"))
    return configuration


def _engine(url: str) -> Engine:
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
