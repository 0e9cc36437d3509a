"""The protocol of one connection to Redis or Valkey (RESP3), and where its URL leads."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

from read_store.errors import (
    CheckpointMoved,
    Fenced,
    GenerationBehind,
    GenerationRefused,
    ReadModelDamaged,
    ReadStoreError,
    ReadStoreUnavailable,
    TallyRefused,
)

_UNAVAILABLE = ("LOADING", "OOM", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "BUSY", "TRYAGAIN", "NOREPLICAS")
_REFUSALS: dict[str, type[Exception]] = {
    "FENCED": Fenced,
    "CHECKPOINT_MOVED": CheckpointMoved,
    "TALLY_REFUSED": TallyRefused,
    "GENERATION_REFUSED": GenerationRefused,
    "GENERATION_BEHIND": GenerationBehind,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens and who calls: redis://, rediss:// or unix://, user and password in the URL."""

    path: str | None
    host: str
    port: int
    is_encrypted: bool
    database: int
    user: str | None
    password: str | None


def parse_address(url: str) -> Address:
    """The address in redis://[user:password@]host[:port][/db] or unix://[user:password@]/path[?db=0]."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError(
            f"a read store's URL begins with redis://, rediss:// or unix://, not {parts.scheme!r}"
        )
    is_socket = parts.scheme == "unix"
    database = parse_qs(parts.query).get("db", ["0"])[0] if is_socket else parts.path.strip("/") or "0"
    return Address(
        path=unquote(parts.path) if is_socket else None,
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 6379,
        is_encrypted=parts.scheme == "rediss",
        database=int(database),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class Answer(Protocol):
    """What takes an answer, as a future does."""

    def done(self) -> bool: ...

    def set_result(self, reply: Any, /) -> None: ...

    def set_exception(self, error: Exception, /) -> None: ...


class Wire(asyncio.Protocol):
    """Sends what one loop tick brought in one write; answers resolve futures in their order."""

    def __init__(self, on_push: Callable[[list[Any]], None] | None) -> None:
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._waiting: deque[Answer] = deque()
        self._outgoing: list[Callable[[], bytes] | bytes] = []
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._on_push = on_push
        self.answers = 0
        self.closed = self._loop.create_future()

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is outstanding."""
        return bool(self._waiting)

    def send(self, arguments: tuple[Any, ...] | bytes) -> "asyncio.Future[Any]":
        """Queues a command, packed or not; the future is its answer, an error answer as an exception."""
        self.post(arguments)
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append(answer)
        return answer

    def send_late(self, packed: Callable[[], bytes], answer: Answer) -> None:
        """Queues a command that is packed when this turn of the loop is over."""
        self._queue(packed)
        self._waiting.append(answer)

    def post(self, arguments: tuple[Any, ...] | bytes) -> None:
        """Queues a command that has no answer of its own."""
        self._queue(arguments if isinstance(arguments, bytes) else hiredis.pack_command(arguments))

    def _queue(self, packed: Callable[[], bytes] | bytes) -> None:
        if self.closed.done():
            raise ReadStoreUnavailable("the connection to the read store was lost")
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(packed)

    def abort(self) -> None:
        """Closes at once; whoever waits gets ReadStoreUnavailable."""
        if self._transport is not None:
            self._transport.abort()
        self.connection_lost(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio.Transport, though they behave like one.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not _NOTHING:
            if isinstance(reply, hiredis.PushNotification):
                if self._on_push is not None:
                    self._on_push(reply)
                continue
            self.answers += 1
            answer = self._waiting.popleft()
            if answer.done():
                continue
            if isinstance(reply, Exception):
                _fail(answer, as_error(reply))
            else:
                answer.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self.closed.done():
            return
        self.closed.set_result(None)
        while self._waiting:
            answer = self._waiting.popleft()
            if not answer.done():
                _fail(answer, ReadStoreUnavailable("the connection to the read store was lost"))

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if self._transport is not None and not self.closed.done():
            self._transport.write(
                b"".join([each if isinstance(each, bytes) else each() for each in outgoing])
            )


_NOTHING = object()


def _fail(answer: Answer, error: Exception) -> None:
    answer.set_exception(error)
    # Of several commands sent together only the first failure is waited for; the others are no news.
    if isinstance(answer, asyncio.Future):
        answer.exception()


async def open_wire(address: Address, on_push: Callable[[list[Any]], None] | None) -> Wire:
    """Connects and introduces itself; raises OSError or an error of the read store."""
    loop = asyncio.get_running_loop()
    wire: Wire
    if address.path is not None:
        _, wire = await loop.create_unix_connection(lambda: Wire(on_push), address.path)
    else:
        context = ssl.create_default_context() if address.is_encrypted else None
        _, wire = await loop.create_connection(lambda: Wire(on_push), address.host, address.port, ssl=context)
    hello: tuple[str, ...] = ("HELLO", "3")
    if address.password is not None:
        hello += ("AUTH", address.user or "default", address.password)
    try:
        await wire.send(hello)
        if address.database:
            await wire.send(("SELECT", str(address.database)))
    except BaseException:
        wire.abort()
        raise
    return wire


def as_error(reply: Exception) -> Exception:
    """The exception that an error answer stands for."""
    text = str(reply)
    code = text.split(" ", 1)[0]
    if refusal := _REFUSALS.get(code):
        return refusal(text)
    if code == "DAMAGED":
        return ReadModelDamaged(*text[len("DAMAGED ") : text.rindex("|")].split(" ", 2))
    if "WRONGTYPE" in text:
        return ReadModelDamaged("type")
    if code in _UNAVAILABLE or "Function not found" in text:
        return ReadStoreUnavailable(text)
    return ReadStoreError(text)
