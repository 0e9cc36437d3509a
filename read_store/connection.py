"""A connection that heals itself: while the server is away, callers are told so at once."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from read_store.errors import ReadStoreError, ReadStoreUnavailable
from read_store.wire import Answer, Wire, as_error, open_wire, parse_address

_SHORTEST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5


class Connection:
    """Keeps one wire open; never repeats a command, since it may have happened."""

    def __init__(
        self,
        url: str,
        *,
        on_push: Callable[[list[Any]], None] | None = None,
        on_connect: Callable[[], Awaitable[None]] | None = None,
        on_disconnect: Callable[[], None] | None = None,
        silence_seconds: float = 2.0,
    ) -> None:
        """`silence_seconds`: a server that answers nothing for this long is taken for gone."""
        self._address = parse_address(url)
        self._on_push = on_push
        self._on_connect = on_connect
        self._on_disconnect = on_disconnect
        self._silence_seconds = silence_seconds
        self._wire: Wire | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._last_error: Exception | None = None

    @property
    def is_connected(self) -> bool:
        """Whether a command would be sent now."""
        return self._wire is not None

    async def open(self) -> None:
        """Starts to connect; a server that is away is not an error here, it is tried again."""
        tried = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(tried))
        await tried

    async def close(self) -> None:
        """Ends the connection and fails what waits."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper

    def cut(self) -> None:
        """Loses the wire in the middle of whatever is under way; another one is opened."""
        if self._wire is not None:
            self._wire.abort()

    def send(self, *arguments: Any) -> "asyncio.Future[Any]":
        """The answer to come; raises ReadStoreUnavailable at once while there is no server."""
        if self._wire is None:
            raise ReadStoreUnavailable("no connection to the read store") from self._last_error
        return self._wire.send(arguments)

    def send_late(self, packed: Callable[[], bytes], answer: Answer) -> None:
        """Sends a command that is packed when this turn of the loop is over; raises as `send`."""
        if self._wire is None:
            raise ReadStoreUnavailable("no connection to the read store") from self._last_error
        self._wire.send_late(packed, answer)

    async def call(self, *arguments: Any) -> Any:
        """Sends one command and waits for its answer."""
        return await self.send(*arguments)

    async def transact(self, *commands: tuple[Any, ...] | bytes) -> list[Any]:
        """Sends commands, packed ones too, that are done in one step, and waits for all their answers.

        Raises what one of them does.
        """
        if self._wire is None:
            raise ReadStoreUnavailable("no connection to the read store") from self._last_error
        *taken, done = [self._wire.send(command) for command in (("MULTI",), *commands, ("EXEC",))]
        try:
            answers: list[Any] = await done
        except ReadStoreError:
            # Nothing was done because one of them was refused, which says why.
            for each in taken:
                await each
            raise
        for answer in answers:
            if isinstance(answer, Exception):
                raise as_error(answer)
        return answers

    def post(self, *arguments: Any) -> None:
        """Sends a command that is answered by a push only, as SUBSCRIBE is."""
        if self._wire is None:
            raise ReadStoreUnavailable("no connection to the read store") from self._last_error
        self._wire.post(arguments)

    async def _keep(self, tried: "asyncio.Future[None]") -> None:
        pause_seconds = _SHORTEST_PAUSE_SECONDS
        while True:
            try:
                async with asyncio.timeout(self._silence_seconds):
                    wire = await open_wire(self._address, self._on_push)
                pause_seconds = _SHORTEST_PAUSE_SECONDS
                await self._live(wire, tried)
            except (OSError, ReadStoreError, ReadStoreUnavailable) as error:
                self._last_error = error
            if not tried.done():
                tried.set_result(None)
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    async def _live(self, wire: Wire, tried: "asyncio.Future[None]") -> None:
        self._wire = wire
        # Also when the server itself goes away, callers must be refused from that moment on.
        wire.closed.add_done_callback(lambda _: self._forget(wire))
        try:
            if self._on_connect is not None:
                await self._on_connect()
            if not tried.done():
                tried.set_result(None)
            await self._watch(wire)
        finally:
            wire.abort()
            self._forget(wire)

    def _forget(self, wire: Wire) -> None:
        if self._wire is wire:
            self._wire = None
            if self._on_disconnect is not None:
                self._on_disconnect()

    async def _watch(self, wire: Wire) -> None:
        while not wire.closed.done():
            seen, was_waiting = wire.answers, wire.is_waiting
            await asyncio.wait((wire.closed,), timeout=self._silence_seconds)
            if was_waiting and wire.is_waiting and wire.answers == seen:
                self._last_error = ReadStoreUnavailable("the read store does not answer")
                return
