"""A link does what it is told: and without a trouble everything passes, or the others would show nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.links import Links, Trouble
from tests.waiting import DEADLINE_SECONDS, eventually

_LONG = b"x" * 200_000
_SILENCE_SECONDS = 0.3


@pytest.fixture
def links() -> Iterator[Links]:
    made = Links()
    yield made
    made.close()


@asynccontextmanager
async def _echo() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers with what it is sent; its address, and all that arrived."""
    arrived: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                arrived.append(data)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            await _ended(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", arrived
    finally:
        server.close()


async def _answer(port: int, sent: bytes, expected: int) -> bytes:
    """What comes back until it is enough, nothing more comes for a moment, or the line breaks."""
    found = b""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return found
    writer.write(sent)
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(found) < expected and (data := await reader.read(65_536)):
                found += data
    except ConnectionError:
        pass
    finally:
        await _ended(writer)
    return found


async def _ended(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_without_trouble_everything_passes(links: Links) -> None:
    async with _echo() as (address, _):
        port = links.add("a/b", address).port
        assert await _answer(port, _LONG, len(_LONG)) == _LONG


@pytest.mark.parametrize("passing", [1, 7, 100_000])
async def test_a_request_is_cut_at_the_byte_that_was_told(links: Links, passing: int) -> None:
    async with _echo() as (address, arrived):
        port = links.add("a/b", address).port
        links.trouble("a/b", Trouble(passing={"request": passing}))
        await _answer(port, _LONG, len(_LONG))

        async def is_there() -> bool:
            return sum(map(len, arrived)) == passing

        await eventually(is_there)
        # Once: the next connection is whole.
        assert await _answer(port, _LONG, len(_LONG)) == _LONG


async def test_an_answer_is_cut_after_its_request_arrived(links: Links) -> None:
    async with _echo() as (address, arrived):
        port = links.add("a/b", address).port
        links.trouble("a/b", Trouble(passing={"answer": 3}))
        assert len(await _answer(port, b"request", 7)) <= 3
        assert b"".join(arrived) == b"request"


async def test_a_half_open_link_takes_everything_and_passes_nothing(links: Links) -> None:
    async with _echo() as (address, arrived):
        port = links.add("a/b", address).port
        links.trouble("a/b", Trouble(silent=frozenset({"request"})))
        waiting = asyncio.create_task(_answer(port, _LONG, len(_LONG)))
        done, _ = await asyncio.wait({waiting}, timeout=_SILENCE_SECONDS)
        assert not done
        assert arrived == []
        # With the end of the trouble the line breaks: what was swallowed is not made up for.
        links.heal()
        assert await waiting == b""


async def test_a_reset_breaks_what_is_connected_and_a_refusal_what_comes(links: Links) -> None:
    async with _echo() as (address, _):
        port = links.add("a/b", address).port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello")
        assert await reader.read(5) == b"hello"
        links.reset("a/b")
        with pytest.raises(ConnectionResetError):
            async with asyncio.timeout(DEADLINE_SECONDS):
                assert await reader.read() == b"a reset, not an end"
        await _ended(writer)
        links.trouble("a/b", Trouble(refuses=True))
        assert await _answer(port, b"hello", 5) == b""
        links.heal()
        assert await _answer(port, b"hello", 5) == b"hello"
