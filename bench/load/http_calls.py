"""Calls over HTTP/1.1 with connections that stay open."""

from collections.abc import Callable

from bench.load.protocol import UnexpectedAnswer

_LENGTH = b"content-length: "


class HttpCalls:
    """One call at a time; every answer must be a success and tell its length."""

    def __init__(self, authority: str, requests: Callable[[int], tuple[str, str, bytes]]) -> None:
        """`requests` makes method, path and body of the request with a number."""
        self.answered_bytes = 0
        self._authority = authority
        self._requests = requests
        self._buffer = b""

    def opening(self) -> bytes:
        return b""

    def request(self, number: int) -> bytes:
        method, path, body = self._requests(number)
        head = f"{method} {path} HTTP/1.1\r\nhost: {self._authority}\r\n"
        if body:
            head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        return f"{head}\r\n".encode() + body

    def received(self, data: bytes) -> tuple[int, bytes]:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return 0, b""
        head = self._buffer[:head_end].lower()
        if not head.startswith(b"http/1.1 2"):
            raise UnexpectedAnswer(self._buffer[:500].decode(errors="replace"))
        length = int(head.partition(_LENGTH)[2].partition(b"\r\n")[0])
        if len(self._buffer) < head_end + 4 + length:
            return 0, b""
        self.answered_bytes += length
        self._buffer = b""
        return 1, b""
