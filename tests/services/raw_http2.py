"""A caller that says what no gRPC library lets one say: frames of one HTTP/2 connection, byte by byte."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.load.http2 import (
    ACKNOWLEDGED,
    DATA,
    END_HEADERS,
    END_STREAM,
    GO_AWAY,
    HEADERS,
    PING,
    RESET,
    SETTINGS,
    frame,
    opening,
)
from tests.services.kit_service import SERVICE_NAME
from tests.waiting import DEADLINE_SECONDS

_FRAME = 9
_STATUS = re.compile(rb"grpc-status.(\d+)", re.DOTALL)


@dataclass(slots=True)
class Answered:
    """What came back for one stream so far."""

    content: bytes = b""
    headers: bytes = b""
    is_over: bool = False

    @property
    def status(self) -> int | None:
        """The gRPC status, None where there was none."""
        found = _STATUS.search(self.headers)
        return int(found.group(1)) if found else None


@dataclass(slots=True)
class RawConnection:
    """Sends frames as they are given and sorts what comes back by stream."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    streams: dict[int, Answered] = field(default_factory=dict)
    is_closed: bool = False

    def send(self, kind: int, flags: int, stream: int, content: bytes) -> None:
        """Send one frame."""
        self.writer.write(frame(kind, flags, stream, content))

    def begin(self, stream: int, rpc: str, *, ends: bool = False, **more: str) -> None:
        """Send the headers of a call; `more` has `_` for `-`."""
        headers = {
            ":method": "POST",
            ":scheme": "http",
            ":path": rpc if rpc.startswith("/") else f"/{SERVICE_NAME}/{rpc}",
            ":authority": "test",
            "te": "trailers",
            "content-type": "application/grpc",
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        block = b"".join(_literal(name.encode(), value.encode("latin-1")) for name, value in headers.items())
        self.send(HEADERS, END_HEADERS | (END_STREAM if ends else 0), stream, block)

    def message(self, stream: int, content: bytes, *, compressed: bool = False, ends: bool = True) -> None:
        """Send a whole message in as many frames as it takes."""
        rest = bytes((compressed,)) + len(content).to_bytes(4, "big") + content
        while rest:
            part, rest = rest[:16_384], rest[16_384:]
            self.send(DATA, END_STREAM if ends and not rest else 0, stream, part)

    def reset(self, stream: int) -> None:
        """Give a stream up, with CANCEL."""
        self.send(RESET, 0, stream, (8).to_bytes(4, "big"))

    async def answer(self, stream: int) -> Answered:
        """What the stream came to: its end, or that of the connection."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not self.is_closed and not self._of(stream).is_over:
                await self._take()
        return self._of(stream)

    def _of(self, stream: int) -> Answered:
        return self.streams.setdefault(stream, Answered())

    async def _take(self) -> None:
        try:
            head = await self.reader.readexactly(_FRAME)
            content = await self.reader.readexactly(int.from_bytes(head[:3], "big"))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.is_closed = True
            return
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
        if kind in (SETTINGS, PING) and not flags & ACKNOWLEDGED:
            self.send(kind, ACKNOWLEDGED, 0, content if kind == PING else b"")
        elif kind == GO_AWAY:
            self.is_closed = True
        elif stream:
            self._note(self._of(stream), kind, flags, content)

    def _note(self, answered: Answered, kind: int, flags: int, content: bytes) -> None:
        if kind == DATA:
            answered.content += content
        elif kind == HEADERS:
            answered.headers += content
        answered.is_over |= kind == RESET or bool(kind in (DATA, HEADERS) and flags & END_STREAM)


@asynccontextmanager
async def raw_connection(address: str) -> AsyncIterator[RawConnection]:
    """A connection that has said hello."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(opening())
    try:
        yield RawConnection(reader, writer)
    finally:
        writer.close()


def _literal(name: bytes, value: bytes) -> bytes:
    return b"".join((b"\x00", bytes((len(name),)), name, bytes((len(value),)), value))
