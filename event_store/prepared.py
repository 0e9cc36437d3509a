"""Statements sent again and again with ready parameters, without the work that a cursor does around them."""

import asyncio
import os
import select
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

from event_store.arrays import Array
from event_store.statements import statement

Row = tuple[Any, ...]

# What poll tells without being asked.
_ENDS_AND_ERRORS = 0


class Prepared:
    """Statements over one connection that nobody else uses; each is prepared when it comes first.

    The connection is watched from one statement to the next: to begin and end that with each of them costs as
    much as all the rest of it. Nothing else may wait for the connection then, until `close`.
    """

    def __init__(self, driver: psycopg.AsyncConnection) -> None:
        self._driver = driver
        self._names: dict[str, bytes] = {}
        self._transformer = Transformer(driver)
        # A descriptor of our own: the driver's is closed under the loop as soon as the server hangs up, and
        # the next connection, which may get the same number, would then be taken for this one.
        self._line: int | None = None
        self._state = select.poll()
        self._answer: asyncio.Future[None] | None = None

    async def fetch(self, name: str, parameters: Sequence[Array]) -> list[Row]:
        """All rows of a statement. Raises psycopg.Error; when it is cancelled, the connection is lost."""
        try:
            result = await self._fetch(name, parameters)
        except asyncio.CancelledError:
            # The answer to this statement would be taken for that to the next one.
            self.close()
            self._driver.pgconn.finish()
            raise
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def close(self) -> None:
        """Watches no more."""
        if self._line is not None:
            asyncio.get_running_loop().remove_reader(self._line)
            self._state.unregister(self._line)
            os.close(self._line)
            self._line = None

    async def _fetch(self, name: str, parameters: Sequence[Array]) -> PGresult:
        sent = self._names.get(name) or await self._prepare(name, parameters)
        formats = [Format.BINARY] * len(parameters)
        self._driver.pgconn.send_query_prepared(sent, parameters, formats, result_format=Format.BINARY)
        return await self._result()

    async def _prepare(self, name: str, parameters: Sequence[Array]) -> bytes:
        named = f"diptych_{name}".encode()
        types = [parameter.array_oid for parameter in parameters]
        self._driver.pgconn.send_prepare(named, statement(name), types)
        await self._result()
        self._names[name] = named
        return named

    async def _result(self) -> PGresult:
        connection = self._driver.pgconn
        if connection.flush():
            # More than the socket takes at once: the driver knows how to wait for room.
            self.close()
            results: list[PGresult] = await self._driver.wait(execute(connection))
        else:
            results = await self._results()
        if results[-1].status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(results[-1])
        return results[-1]

    async def _results(self) -> list[PGresult]:
        connection = self._driver.pgconn
        results: list[PGresult] = []
        try:
            while (result := await self._next(connection)) is not None:
                results.append(result)
        except psycopg.DatabaseError:
            # A server that ends a connection says why, and then hangs up.
            if not results or results[-1].status != ExecStatus.FATAL_ERROR:
                raise
        return results

    async def _next(self, connection: PGconn) -> PGresult | None:
        while connection.is_busy():
            self._watch()
            self._answer = asyncio.get_running_loop().create_future()
            await self._answer
        return connection.get_result()

    def _watch(self) -> None:
        # After a line's error the loop looks at it no more, and says so to nobody.
        if self._line is not None and self._state.poll(0):
            self.close()
        if self._line is None:
            self._line = os.dup(self._driver.pgconn.socket)
            self._state.register(self._line, _ENDS_AND_ERRORS)
            asyncio.get_running_loop().add_reader(self._line, self._receive)

    def _receive(self) -> None:
        try:
            self._driver.pgconn.consume_input()
        except psycopg.Error as error:
            self.close()
            self._tell(error)
        else:
            self._go_on()

    def _go_on(self) -> None:
        is_asked = self._answer is not None and not self._answer.done()
        if is_asked and not self._driver.pgconn.is_busy():
            self._tell(None)
            return
        # Not all of an answer, or something that nobody asked for: it may be the last that is heard of the
        # server, and if the line had an error too, the loop looks at it no more.
        self.close()
        if is_asked:
            self._watch()

    def _tell(self, error: psycopg.Error | None) -> None:
        if self._answer is None or self._answer.done():
            return
        if error is None:
            self._answer.set_result(None)
        else:
            self._answer.set_exception(error)
