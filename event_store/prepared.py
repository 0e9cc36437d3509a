"""Statements sent again and again with ready parameters, without the work that a cursor does around them."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from event_store.arrays import Array
from event_store.statements import statement

Row = tuple[Any, ...]


class Prepared:
    """Statements over one connection that nobody else uses; each is prepared when it comes first."""

    def __init__(self, driver: psycopg.AsyncConnection) -> None:
        self._driver = driver
        self._names: dict[str, bytes] = {}
        self._transformer = Transformer(driver)

    async def fetch(self, name: str, parameters: Sequence[Array]) -> list[Row]:
        """All rows of a statement. Raises psycopg.Error."""
        sent = self._names.get(name) or await self._prepare(name, parameters)
        formats = [Format.BINARY] * len(parameters)
        self._driver.pgconn.send_query_prepared(sent, parameters, formats, result_format=Format.BINARY)
        result = await self._result()
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    async def _prepare(self, name: str, parameters: Sequence[Array]) -> bytes:
        named = f"diptych_{name}".encode()
        types = [parameter.array_oid for parameter in parameters]
        self._driver.pgconn.send_prepare(named, statement(name), types)
        await self._result()
        self._names[name] = named
        return named

    async def _result(self) -> PGresult:
        result: PGresult = (await self._driver.wait(execute(self._driver.pgconn)))[-1]
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(result)
        return result
