"""The log as Postgres gives it away fastest."""

import time
from pathlib import Path

import psycopg

from bench.measuring import Values

_COPY = Path(__file__).with_name("copy_log.sql").read_text(encoding="utf-8")


async def copy_log(database_url: str, through: int) -> Values:
    """Events a second by COPY in binary, received and thrown away."""
    received, began = 0, time.perf_counter()
    async with (
        await psycopg.AsyncConnection.connect(database_url) as connection,
        connection.cursor() as cursor,
        cursor.copy(_COPY.encode() % through) as copy,
    ):
        async for block in copy:
            received += len(block)
    seconds = time.perf_counter() - began
    return {"COPY": through / seconds, "COPY megabytes": received / seconds / 1e6}
