"""A TCP proxy that can cut, silence or refuse connections at a chosen moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Proxy:
    """Passes bytes between clients and one server until it is told otherwise.

    With `cut_after` set, the next request that contains it is passed on, and its answer is the end of the
    connection instead.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._lines: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.is_silent = False
        self.refuses = False
        self.cut_after: bytes | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection."""
        if self.refuses:
            writer.close()
            return
        answers, requests = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._lines |= {writer, requests}
        is_cut = asyncio.Event()
        self._tasks |= {
            asyncio.create_task(self._pass_requests(reader, requests, is_cut)),
            asyncio.create_task(self._pass_answers(answers, writer, is_cut)),
        }

    async def stop(self) -> None:
        """Cuts everything."""
        for line in self._lines:
            line.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass_requests(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, is_cut: asyncio.Event
    ) -> None:
        try:
            while data := await source.read(65536):
                if self.cut_after is not None and self.cut_after in data:
                    self.cut_after = None
                    is_cut.set()
                await self._write(target, data)
        finally:
            target.close()

    async def _pass_answers(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, is_cut: asyncio.Event
    ) -> None:
        try:
            while (data := await source.read(65536)) and not is_cut.is_set():
                await self._write(target, data)
        finally:
            target.close()

    async def _write(self, target: asyncio.StreamWriter, data: bytes) -> None:
        if not self.is_silent:
            target.write(data)
            await target.drain()


@asynccontextmanager
async def proxy_to(server_port: int) -> AsyncIterator[Proxy]:
    """A proxy on a port of its own for the length of the block."""
    proxy = Proxy(server_port)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
        await proxy.stop()
