"""Statements sent again and again with ready parameters, without the work that a cursor does around them."""

import asyncio
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


class Prepared:
    """Statements over one connection that nobody else uses; each is prepared when it comes first.

    The connection is watched from one statement to the next: to begin and end that with each of them takes
    nine system calls. Nothing else may wait for it then, until `close`.
    """

    def __init__(self, driver: psycopg.AsyncConnection) -> None:
        self._driver = driver
        self._names: dict[str, bytes] = {}
        self._transformer = Transformer(driver)
        self._watched: int | None = None
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
        if self._watched is not None:
            asyncio.get_running_loop().remove_reader(self._watched)
            self._watched = None

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
        self._watch()
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
            self._answer = asyncio.get_running_loop().create_future()
            await self._answer
        return connection.get_result()

    def _watch(self) -> None:
        if self._watched is None:
            self._watched = self._driver.pgconn.socket
            asyncio.get_running_loop().add_reader(self._watched, self._receive)

    def _receive(self) -> None:
        try:
            self._driver.pgconn.consume_input()
        except psycopg.Error as error:
            # Lost, and its socket closed: the next connection may have the same number.
            self.close()
            self._tell(error)
        else:
            if not self._driver.pgconn.is_busy():
                self._tell(None)

    def _tell(self, error: psycopg.Error | None) -> None:
        if self._answer is None or self._answer.done():
            return
        if error is None:
            self._answer.set_result(None)
        else:
            self._answer.set_exception(error)
