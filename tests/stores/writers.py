"""Real writer processes for the tests, and sabotaged variants of the append function."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from uuid import UUID

import psycopg

from tests.postgres_server import LogDatabase


class WriterProcess:
    """One running tests.stores.writer_process and what it says was acknowledged."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._progress = asyncio.Condition()
        self.acknowledged: list[UUID] = []
        self._reading = asyncio.create_task(self._read())

    async def until_acknowledged(self, count: int) -> None:
        """Waits for so many acknowledged appends."""
        async with asyncio.timeout(60), self._progress:
            await self._progress.wait_for(lambda: len(self.acknowledged) >= count)

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()

    async def ended(self) -> int:
        """The exit code, when all that was printed is read."""
        async with asyncio.timeout(120):
            await self._reading
            return await self._process.wait()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if line.strip() == b"ready" or not line.endswith(b"\n"):
                continue
            async with self._progress:
                self.acknowledged.append(UUID(line.decode().strip()))
                self._progress.notify_all()


@asynccontextmanager
async def writer_process(
    database: LogDatabase, name: str, *, callers: int, appends: int, streams: str = "hot"
) -> AsyncIterator[WriterProcess]:
    """A writer process for the length of the block; those of the same `streams` write to the same ones."""
    arguments = (database.writer_url, name, streams, str(callers), str(appends))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.stores.writer_process", *arguments, stdout=asyncio.subprocess.PIPE
    )
    writer = WriterProcess(process)
    try:
        yield writer
    finally:
        if process.returncode is None:
            process.kill()
        await writer.ended()


def sabotage(database: LogDatabase, *changes: tuple[str, str]) -> None:
    """Installs the append function with pieces of its text replaced, in this test's database only."""
    definition = (files("event_store") / "sql" / "functions" / "append.sql").read_text(encoding="utf-8")
    for piece, replacement in changes:
        assert definition.count(piece) == 1, f"append.sql has changed: {piece!r}"
        definition = definition.replace(piece, replacement)
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("SET LOCAL ROLE diptych_owner")
        connection.execute("CREATE SEQUENCE event_log.sabotage")
        connection.execute(definition.encode())
