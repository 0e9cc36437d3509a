"""Prepares the log's database: roles, schema, and what the log says about itself."""

import asyncio

import psycopg
import sqlalchemy
from sqlalchemy.engine import make_url

from event_store import (
    BegunEpoch,
    EventLog,
    LogHead,
    StoreUnavailable,
    begin_epoch,
    create_roles,
    migrate,
)
from local_stack.errors import StackError

WRITER = "diptych_writer"
PROJECTOR = "diptych_projector"


def prepare_log(admin_url: str, *, writer_password: str, projector_password: str) -> LogHead:
    """Make the roles, bring the schema up to date, and give the log's head. Raises StackError."""
    try:
        return asyncio.run(_prepare(admin_url, writer_password, projector_password))
    except (psycopg.OperationalError, sqlalchemy.exc.OperationalError, StoreUnavailable) as error:
        raise StackError(f"Postgres does not answer: {_first_line(error)}") from error
    except (psycopg.Error, sqlalchemy.exc.SQLAlchemyError) as error:
        raise StackError(f"the log's database can't be migrated: {_first_line(error)}") from error


def begin_log_epoch(admin_url: str) -> BegunEpoch:
    """Begin a new epoch where the log ends now. Raises StackError."""
    try:
        return asyncio.run(begin_epoch(admin_url))
    except psycopg.Error as error:
        raise StackError(f"no epoch could be begun: {_first_line(error)}") from error


def as_role(url: str, role: str, password: str) -> str:
    """The same address for another role. Raises StackError."""
    try:
        parts = make_url(url).set(username=role, password=password)
    except sqlalchemy.exc.ArgumentError as error:
        raise StackError("DIPTYCH_DATABASE_URL is not a postgresql:// address") from error
    text, _, query = parts.render_as_string(hide_password=False).partition("?")
    # A plus sign for a space is for forms: libpq would take it as it stands.
    return f"{text}?{query.replace('+', '%20')}" if query else text


async def _prepare(admin_url: str, writer_password: str, projector_password: str) -> LogHead:
    await create_roles(admin_url, writer_password, projector_password)
    await migrate(admin_url)
    log = EventLog(as_role(admin_url, PROJECTOR, projector_password), connections=1)
    await log.open()
    try:
        return await log.head()
    finally:
        await log.close()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
