"""Connections to the log's database: kept, cut when silent, and refused at once while it is down."""

import asyncio
import os
import random
import select
import socket
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psycopg
import sqlalchemy.exc
from psycopg.pq import Format
from sqlalchemy import event
from sqlalchemy.engine import AdaptedConnection, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from event_store.arrays import Array, register_arrays
from event_store.errors import LogFull, StoreUnavailable
from event_store.prepared import Prepared, Row
from event_store.statements import statement

Result = TypeVar("Result")

_NOT_NOW = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,  # a primary that became a standby
    psycopg.errors.InvalidSchemaName,  # not migrated yet
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedFunction,
)


class Connection:
    """One session with the database; broken once it was lost, and then only good for closing."""

    def __init__(
        self, owner: AsyncConnection, driver: psycopg.AsyncConnection, silence_seconds: float
    ) -> None:
        self._owner = owner
        self._silence_seconds = silence_seconds
        self._cursor: psycopg.AsyncRawCursor[Row] = psycopg.AsyncRawCursor(driver)
        self._cursor.format = Format.BINARY
        self._prepared = Prepared(driver)
        self._line = select.poll()
        self._line.register(driver.fileno(), select.POLLIN)
        self.driver = driver
        self.has_warned = False
        driver.add_notice_handler(self._notice)

    @property
    def is_broken(self) -> bool:
        """Whether the connection is known to be lost."""
        return self.driver.closed

    def has_hung_up(self) -> bool:
        """Whether an idle connection has something to say: its end, most of the time."""
        if self.driver.closed:
            return True
        return bool(self._line.poll(0))

    async def fetch(self, name: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a statement; a silent server is cut off, since cancelling would wait for it."""
        self._prepared.close()
        watchdog = self._watchdog()
        try:
            await self._cursor.execute(statement(name), parameters, prepare=True)
            return await self._cursor.fetchall() if self._cursor.description else []
        finally:
            watchdog.cancel()

    async def repeat(self, name: str, parameters: Sequence[Array] = ()) -> list[Row]:
        """As `fetch`, at a fifth of its cost, for a connection of one's own and ready parameters."""
        watchdog = self._watchdog()
        try:
            return await self._prepared.fetch(name, parameters)
        finally:
            watchdog.cancel()

    def cut(self) -> None:
        """Ends the connection under a waiting statement, which then fails as if the server had gone."""
        if self.driver.closed:
            return
        with socket.socket(fileno=os.dup(self.driver.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        """Gives the connection back, or up when it is broken."""
        self._prepared.close()
        self.driver.remove_notice_handler(self._notice)
        if self.driver.closed:
            await self._owner.invalidate()
        await self._owner.close()

    def _watchdog(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._silence_seconds, self.cut)

    def _notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        self.has_warned = self.has_warned or diagnostic.sqlstate == "01000"


class Connections:
    """A small pool for statements, and connections of their own for who keeps one.

    A server that refused a connection is left alone for a moment, in which every call is refused at once.
    """

    def __init__(
        self, url: str, *, name: str, pooled: int, statement_seconds: float, lock_seconds: float
    ) -> None:
        address = make_url(url).set(drivername="postgresql+psycopg")
        settings = {
            "isolation_level": "AUTOCOMMIT",
            "connect_args": _connect_arguments(name, statement_seconds, lock_seconds),
        }
        self._silence_seconds = statement_seconds + 2
        self._pool = create_async_engine(
            address,
            pool_size=pooled,
            max_overflow=0,
            pool_timeout=statement_seconds,
            pool_use_lifo=True,
            **settings,
        )
        self._single = create_async_engine(address, poolclass=NullPool, **settings)
        for engine in (self._pool, self._single):
            # Once a connection: registered at each use, they would cost more than the statement.
            event.listen(engine.sync_engine, "connect", _prepare)
        self._kept: list[Connection] = []
        self._kept_in_use = asyncio.Semaphore(pooled)
        self._refused_until = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def fetch(self, name: str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a reading statement, which is tried again when its connection turns out to be dead.

        Runs to its end even if the caller is cancelled, so that no connection is left in an unknown state.
        Raises StoreUnavailable.
        """
        return await self._to_its_end(self._fetch(name, parameters))

    async def repeat(self, name: str, parameters: Sequence[Array]) -> list[Row]:
        """As `fetch`, for a statement that comes again and again: over connections that are kept beside the
        pool, as many at most, a checkout from which takes longer than a small page of the log."""
        return await self._to_its_end(self._repeat(name, parameters))

    async def open(self) -> Connection:
        """A connection outside the pool. Raises StoreUnavailable."""
        return await self._connect(self._single)

    @asynccontextmanager
    async def single(self) -> AsyncIterator[Connection]:
        """A connection outside the pool for the length of the block. Raises StoreUnavailable."""
        connection = await self.open()
        try:
            yield connection
        except psycopg.Error as error:
            raise as_store_error(error) from error
        finally:
            await connection.close()

    async def close(self) -> None:
        """Waits for running statements and closes everything."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._close_kept()
        await self._pool.dispose()
        await self._single.dispose()

    async def _to_its_end(self, work: Coroutine[Any, Any, Result]) -> Result:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen here, since a cancelled caller won't

    async def _fetch(self, name: str, parameters: Sequence[object]) -> list[Row]:
        try:
            rows = await self._fetch_once(name, parameters)
        except psycopg.Error as error:
            raise as_store_error(error) from error
        if rows is not None:
            return rows
        # What died with its server are all connections of the pool, not only the one just tried.
        await self._pool.dispose()
        rows = await self._fetch_once(name, parameters)
        if rows is None:
            raise StoreUnavailable("the connection to the log was lost twice")
        return rows

    async def _fetch_once(self, name: str, parameters: Sequence[object]) -> list[Row] | None:
        connection = await self._connect(self._pool)
        try:
            return await connection.fetch(name, parameters)
        except psycopg.Error:
            if connection.is_broken:
                return None
            raise
        finally:
            await connection.close()

    async def _repeat(self, name: str, parameters: Sequence[Array]) -> list[Row]:
        async with self._kept_in_use:
            rows = await self._repeat_once(name, parameters)
            if rows is None:
                # What died with its server are all of them.
                await self._close_kept()
                rows = await self._repeat_once(name, parameters)
        if rows is None:
            raise StoreUnavailable("the connection to the log was lost twice")
        return rows

    async def _repeat_once(self, name: str, parameters: Sequence[Array]) -> list[Row] | None:
        connection = self._kept.pop() if self._kept else await self.open()
        try:
            rows = await connection.repeat(name, parameters)
        except psycopg.Error as error:
            is_broken = connection.is_broken
            # Also one that lives: a statement that it has prepared may be what has become wrong.
            await connection.close()
            if is_broken:
                return None
            raise as_store_error(error) from error
        except BaseException:
            await connection.close()
            raise
        self._kept.append(connection)
        return rows

    async def _close_kept(self) -> None:
        while self._kept:
            await self._kept.pop().close()

    async def _connect(self, engine: AsyncEngine) -> Connection:
        loop = asyncio.get_running_loop()
        if loop.time() < self._refused_until:
            raise StoreUnavailable("the log's database could not be reached a moment ago")
        try:
            owner = await engine.connect()
        except sqlalchemy.exc.TimeoutError as error:
            raise StoreUnavailable("all connections to the log's database are in use") from error
        except (sqlalchemy.exc.DBAPIError, psycopg.Error, OSError) as error:
            # Spread out, so that a restarted server isn't met by everyone at once.
            self._refused_until = loop.time() + random.uniform(0.05, 0.25)  # noqa: S311 - no secret
            raise StoreUnavailable("the log's database can't be reached") from error
        driver = (await owner.get_raw_connection()).driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)  # noqa: S101 - narrows the type for mypy
        return Connection(owner, driver, self._silence_seconds)


def as_store_error(error: psycopg.Error) -> Exception:
    """The error as this package's callers know it; what is a mistake of ours stays as it is."""
    if isinstance(error, psycopg.errors.DiskFull):
        return LogFull("the log's database has no space left")
    if isinstance(error, _NOT_NOW):
        return StoreUnavailable(f"the log's database can't answer now: {error.sqlstate or 'connection lost'}")
    return error


def _connect_arguments(name: str, statement_seconds: float, lock_seconds: float) -> dict[str, object]:
    settings = {
        "default_transaction_isolation": "read\\ committed",
        "idle_in_transaction_session_timeout": "5s",
        "lock_timeout": f"{int(lock_seconds * 1000)}ms",
        "statement_timeout": f"{int(statement_seconds * 1000)}ms",
        "timezone": "UTC",
    }
    return {
        "application_name": name,
        "client_encoding": "utf8",
        "connect_timeout": 3,
        "keepalives_count": 3,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "options": " ".join(f"-c {key}={value}" for key, value in settings.items()),
        "prepare_threshold": 0,
        # A standby shows a past that the primary may have left: the log is read and written on the primary.
        "target_session_attrs": "primary",
        "tcp_user_timeout": 10_000,
    }


def _prepare(connection: AdaptedConnection, _record: object) -> None:
    driver = connection.driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)  # noqa: S101 - narrows the type for mypy
    register_arrays(driver)
