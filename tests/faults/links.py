"""TCP links between the processes, each with a proxy that can be slow, cut, silent or closed."""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

Result = TypeVar("Result")
Way = Literal["request", "answer"]

_CHUNK = 65_536
# Closing a socket with this lingers for no time: the other side is told RST, not FIN.
_RESET = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Trouble:
    """What is wrong with a link at the moment; as made, nothing."""

    delay_seconds: float = 0.0
    # Bytes that still pass in each direction before the connection that carries them is cut.
    passing: dict[Way, int] = field(default_factory=dict)
    # Directions in which everything is taken and nothing arrives.
    silent: frozenset[Way] = frozenset()
    refuses: bool = False


class Link:
    """Passes bytes from one process to the address of another; `port` stays over all troubles."""

    def __init__(self, name: str, target: str) -> None:
        """`target` is host:port, or the path of a Unix socket."""
        self.name = name
        self.target = target
        self.port = 0
        self.trouble = Trouble()
        self.passed = 0
        self._lines: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection."""
        try:
            answers, requests = await self._dial()
        except OSError:
            _reset(writer)
            return
        lines = {writer, requests}
        self._lines |= lines
        try:
            async with asyncio.TaskGroup() as passing:
                passing.create_task(self._pass(reader, requests, "request", lines))
                passing.create_task(self._pass(answers, writer, "answer", lines))
        except asyncio.CancelledError:
            # The end of all links: the stream that called this would complain of it.
            return
        finally:
            self._lines -= lines
            for line in lines:
                line.close()

    def reset(self) -> None:
        """Breaks all connections; new ones are taken."""
        for line in tuple(self._lines):
            _reset(line)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.trouble.refuses:
            raise ConnectionRefusedError(self.name)
        if self.target.startswith("/"):
            return await asyncio.open_unix_connection(self.target)
        host, _, port = self.target.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def _pass(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        way: Way,
        lines: set[asyncio.StreamWriter],
    ) -> None:
        try:
            while data := await source.read(_CHUNK):
                if self.trouble.delay_seconds:
                    await asyncio.sleep(self.trouble.delay_seconds)
                if way in self.trouble.silent:
                    continue
                data, is_cut = self._until_cut(data, way)
                target.write(data)
                self.passed += len(data)
                await target.drain()
                if is_cut:
                    # What passed does arrive; whoever sent more than that is told of a break.
                    target.close()
                    lines = lines - {target}
                    break
            else:
                if target.can_write_eof():
                    target.write_eof()
                return
        except OSError:
            pass
        for line in lines:
            _reset(line)

    def _until_cut(self, data: bytes, way: Way) -> tuple[bytes, bool]:
        left = self.trouble.passing.get(way)
        if left is None:
            return data, False
        if left > len(data):
            self.trouble.passing[way] = left - len(data)
            return data, False
        del self.trouble.passing[way]
        return data[:left], True


class Links:
    """All links, on an event loop in a thread of their own; to be called from any other thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="links", daemon=True)
        self._thread.start()
        self.by_name: dict[str, Link] = {}
        self._servers: list[asyncio.Server] = []

    def add(self, name: str, target: str) -> Link:
        """A link on a free port."""
        link = self.by_name[name] = Link(name, target)
        self._wait_for(self._listen(link))
        return link

    def trouble(self, name: str, trouble: Trouble) -> None:
        """From now on this is wrong with a link."""
        self._call(lambda: setattr(self.by_name[name], "trouble", trouble))

    def retarget(self, end: str, target: str) -> None:
        """All links to that end lead to another address from now on, and what is connected breaks."""

        def retarget_all() -> None:
            for link in self.by_name.values():
                if link.name.endswith(f"/{end}"):
                    link.target = target
                    link.reset()

        self._call(retarget_all)

    def reset(self, name: str) -> None:
        """Break what is connected over a link."""
        self._call(self.by_name[name].reset)

    def heal(self) -> None:
        """Every link passes everything again; connections that were silent are broken, as a network's end."""

        def heal_all() -> None:
            for link in self.by_name.values():
                if link.trouble.silent:
                    link.reset()
                link.trouble = Trouble()

        self._call(heal_all)

    def close(self) -> None:
        """End all connections and the thread."""

        self._wait_for(self._end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end_all(self) -> None:
        for server in self._servers:
            server.close()
        for link in self.by_name.values():
            link.reset()
        passing = asyncio.all_tasks() - {asyncio.current_task()}
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        # What was closed just now is let go in the loop's next turns.
        await asyncio.sleep(0.01)

    async def _listen(self, link: Link) -> None:
        server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
        link.port = server.sockets[0].getsockname()[1]
        self._servers.append(server)

    def _wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _call(self, action: Callable[[], Any]) -> None:
        done: Future[None] = Future()

        def call() -> None:
            action()
            done.set_result(None)

        self._loop.call_soon_threadsafe(call)
        done.result()


def random_trouble(kind: str, chance: random.Random) -> Trouble:
    """A trouble of a kind: delay, cut, half_open or refuse."""
    ways: tuple[Way, Way] = ("request", "answer")
    match kind:
        case "delay":
            return Trouble(delay_seconds=chance.choice((0.01, 0.05, 0.2, 0.5)))
        case "cut":
            # From the first byte of a message to somewhere in the middle of a later one.
            return Trouble(passing={chance.choice(ways): int(10 ** chance.uniform(0, 4))})
        case "half_open":
            return Trouble(silent=frozenset(chance.sample(ways, chance.choice((1, 2)))))
        case "refuse":
            return Trouble(refuses=True)
    raise ValueError(f"no trouble: {kind}")


def _reset(line: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = line.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0 and connection.family == socket.AF_INET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    line.transport.abort()
