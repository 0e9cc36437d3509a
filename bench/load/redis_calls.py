"""Commands to Redis or Valkey, one a round trip, whose answers are bulk strings."""

from collections.abc import Callable

from bench.load.protocol import UnexpectedAnswer


class RedisCalls:
    """One command at a time over one connection."""

    def __init__(self, user: str, password: str, commands: Callable[[int], tuple[bytes, ...]]) -> None:
        """`commands` makes the command with a number."""
        self.answered_bytes = 0
        self._login = packed((b"AUTH", user.encode(), password.encode()))
        self._commands = commands
        self._is_in = False
        self._buffer = b""

    def opening(self) -> bytes:
        return self._login

    def request(self, number: int) -> bytes:
        return packed(self._commands(number))

    def received(self, data: bytes) -> tuple[int, bytes]:
        self._buffer += data
        if not self._is_in and self._buffer.startswith(b"+OK\r\n"):
            self._is_in, self._buffer = True, self._buffer[5:]
        line, found, rest = self._buffer.partition(b"\r\n")
        if not found:
            return 0, b""
        if not line.startswith(b"$") or line == b"$-1":
            raise UnexpectedAnswer(line.decode())
        if len(rest) < int(line[1:]) + 2:
            return 0, b""
        self.answered_bytes += int(line[1:])
        self._buffer = b""
        return 1, b""


def packed(command: tuple[bytes, ...]) -> bytes:
    """A command as it goes over the wire."""
    parts = [b"*%d\r\n" % len(command)]
    parts += [b"$%d\r\n%s\r\n" % (len(part), part) for part in command]
    return b"".join(parts)
