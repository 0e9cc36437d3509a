"""A connection that is reset within an answer, or right after it, says so: its waiting statement ends.

On uvloop, which looks at a line with an error no more and does not say so.
"""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import pytest
import uvloop

from event_store.connections import Connection, Connections
from event_store.prepared import Prepared
from tests.postgres_server import WRITER_PASSWORD, LogDatabase
from tests.stores.resets import ResettingLine, resetting_line

# What ends an answer, and says that the next statement may come, has six bytes.
_PART, _ALL_BUT_THE_END, _ALL = 20, -6, 65_536
# Less than the silence after which a statement is cut off.
_HANGING_SECONDS = 2.0


@pytest.fixture(autouse=True)
def _small_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("event_store.prepared.statement", lambda _name: b"SELECT 1")


def _with_connection(log: LogDatabase, use: Callable[[ResettingLine, Connection], Awaitable[None]]) -> None:
    async def run(line: ResettingLine) -> None:
        url = log.server.url("diptych_writer", WRITER_PASSWORD, log.name, tcp=True).replace(
            f":{log.server.settings.tcp_port}/", f":{line.port}/"
        )
        connections = Connections(url, name="test", pooled=1, statement_seconds=5, lock_seconds=1)
        async with connections.single() as connection:
            await connection.repeat("small")
            await use(line, connection)
        await connections.close()

    with (
        resetting_line(log.server.settings.tcp_port or 0) as line,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(run(line))


async def _asked(line: ResettingLine, connection: Connection, length: int) -> "asyncio.Task[object]":
    """A statement whose answer has come as far as that, together with the line's end."""
    line.reset_after(length)
    task: asyncio.Task[object] = asyncio.create_task(connection.repeat("small"))
    await asyncio.sleep(0)
    line.wait()
    return task


async def _within_an_answer(line: ResettingLine, connection: Connection) -> None:
    async with asyncio.timeout(_HANGING_SECONDS):
        await (await _asked(line, connection, _PART))


async def _before_the_end_of_an_answer(line: ResettingLine, connection: Connection) -> None:
    async with asyncio.timeout(_HANGING_SECONDS):
        await (await _asked(line, connection, _ALL_BUT_THE_END))


async def _after_an_answer(line: ResettingLine, connection: Connection) -> None:
    assert await (await _asked(line, connection, _ALL)) == [(1,)]
    async with asyncio.timeout(_HANGING_SECONDS):
        await connection.repeat("small")


@pytest.mark.parametrize("use", [_within_an_answer, _before_the_end_of_an_answer, _after_an_answer])
def test_a_reset_line_is_noticed(
    own_log: LogDatabase, use: Callable[[ResettingLine, Connection], Awaitable[None]]
) -> None:
    async def refused(line: ResettingLine, connection: Connection) -> None:
        with pytest.raises(psycopg.OperationalError):
            await use(line, connection)
        assert connection.is_broken

    _with_connection(own_log, refused)


@pytest.mark.parametrize("use", [_within_an_answer, _before_the_end_of_an_answer, _after_an_answer])
def test_twin_without_watching_anew_it_would_hang(
    own_log: LogDatabase,
    monkeypatch: pytest.MonkeyPatch,
    use: Callable[[ResettingLine, Connection], Awaitable[None]],
) -> None:
    def told(prepared: Prepared) -> None:
        if not prepared._driver.pgconn.is_busy():
            prepared._tell(None)

    watch = Prepared._watch
    monkeypatch.setattr(Prepared, "_watch", lambda prepared: prepared._line or watch(prepared))
    monkeypatch.setattr(Prepared, "_go_on", told)

    async def hanging(line: ResettingLine, connection: Connection) -> None:
        with pytest.raises(TimeoutError):
            await use(line, connection)

    _with_connection(own_log, hanging)
