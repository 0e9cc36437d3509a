"""A line to Postgres that is reset at a chosen moment, in a thread, so that a loop finds it done at once."""

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Iterator

from tests.waiting import DEADLINE_SECONDS

_AT_ONCE = struct.pack("ii", 1, 0)


class ResettingLine:
    """Passes one connection's bytes on, until the answer after `reset_after` was called."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._bytes: int | None = None
        self._has_reset = threading.Event()
        self._thread = threading.Thread(target=self._pass, daemon=True)
        self._thread.start()

    def reset_after(self, length: int) -> None:
        """Pass so many bytes of the next answer on, all but so many where that is below zero, and hang up.

        As a server does that has crashed.
        """
        self._bytes = length

    def wait(self) -> None:
        """Until that has happened, with the caller's loop standing still."""
        assert self._has_reset.wait(DEADLINE_SECONDS)

    def close(self) -> None:
        """Whoever was on the line has gone."""
        self._thread.join(DEADLINE_SECONDS)
        self._listening.close()

    def _pass(self) -> None:
        client, _ = self._listening.accept()
        with client, socket.create_connection(("127.0.0.1", self._server_port)) as server:
            while True:
                ready, _, _ = select.select([client, server], [], [])
                source, target = (server, client) if server in ready else (client, server)
                data = source.recv(65_536)
                if not data:
                    return
                if source is server and self._bytes is not None:
                    client.sendall(data[: self._bytes])
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                    client.close()
                    self._has_reset.set()
                    return
                target.sendall(data)


@contextlib.contextmanager
def resetting_line(server_port: int) -> Iterator[ResettingLine]:
    """A line to one server for the length of the block."""
    line = ResettingLine(server_port)
    try:
        yield line
    finally:
        line.close()
