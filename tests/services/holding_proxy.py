"""A TCP proxy that can hold a server's answers back, and cut connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class HoldingProxy:
    """Passes bytes on both ways until told otherwise."""

    def __init__(self, target: str) -> None:
        self._host, _, self._port = target.rpartition(":")
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._holds = False
        self.address = ""

    def hold_answers(self) -> None:
        """From now on nothing that the server says reaches a client."""
        self._holds = True

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        server_reader, server_writer = await asyncio.open_connection(self._host, int(self._port))
        self._writers += [writer, server_writer]
        for task in (
            asyncio.create_task(self._pass(reader, server_writer, is_answer=False)),
            asyncio.create_task(self._pass(server_reader, writer, is_answer=True)),
        ):
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End everything."""
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        with suppress(OSError):
            while content := await reader.read(65536):
                if not (is_answer and self._holds):
                    writer.write(content)
                    await writer.drain()


@asynccontextmanager
async def holding_proxy(target: str) -> AsyncIterator[HoldingProxy]:
    """A proxy before the server at `target`, on a free port."""
    proxy = HoldingProxy(target)
    server = await asyncio.start_server(proxy.connect, "127.0.0.1", 0)
    proxy.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
