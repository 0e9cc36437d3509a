"""Calls of a gRPC method over one connection: one after the other, or as messages of one endless call."""

from collections import deque
from collections.abc import Callable

from bench.load import http2

# Makes the content of the request with a number.
Requests = Callable[[int], bytes]


class GrpcCalls:
    """Calls that send one message; the answer is one message, or a stream of them until its end."""

    def __init__(self, authority: str, path: str, requests: Requests, *, keeps_answers: bool = False) -> None:
        self.answered_bytes = 0
        # The last call's messages with their five bytes of introduction, where they are kept.
        self.answer = b""
        self._headers = http2.header_block(authority, path)
        self._requests = requests
        self._connection = http2.Connection()
        self._stream = -1
        self._keeps_answers = keeps_answers

    def opening(self) -> bytes:
        return http2.opening()

    def go_to(self, authority: str, path: str) -> None:
        """Call another method from now on."""
        self._headers = http2.header_block(authority, path)

    def request(self, number: int) -> bytes:
        self._stream += 2
        headers = http2.frame(http2.HEADERS, http2.END_HEADERS, self._stream, self._headers)
        content = http2.message(self._requests(number))
        return headers + http2.frame(http2.DATA, http2.END_STREAM, self._stream, content)

    def received(self, data: bytes) -> tuple[int, bytes]:
        connection = self._connection
        ended = connection.ended
        reply = connection.received(data)
        done = connection.ended - ended
        if done or not self._keeps_answers:
            self.answered_bytes += len(connection.content)
            if self._keeps_answers:
                self.answer = bytes(connection.content)
            connection.content.clear()
        return done, reply


class GrpcMessages:
    """Messages of one call that is never ended; each is answered by one message, in order."""

    def __init__(self, authority: str, path: str, requests: Requests) -> None:
        self.answered_bytes = 0
        self._headers = http2.header_block(authority, path)
        self._requests = requests
        self._connection = http2.Connection()
        self._unsent: deque[bytes] = deque()

    def opening(self) -> bytes:
        return http2.opening() + http2.frame(http2.HEADERS, http2.END_HEADERS, 1, self._headers)

    def request(self, number: int) -> bytes:
        self._unsent.append(http2.message(self._requests(number)))
        return self._sendable()

    def received(self, data: bytes) -> tuple[int, bytes]:
        reply = self._connection.received(data)
        content, done, place = self._connection.content, 0, 0
        while len(content) - place >= 5:
            stop = place + 5 + int.from_bytes(content[place + 1 : place + 5], "big")
            if stop > len(content):
                break
            done, place = done + 1, stop
        self.answered_bytes += place
        del content[:place]
        return done, reply + self._sendable()

    def _sendable(self) -> bytes:
        sent, connection = [], self._connection
        while self._unsent and len(self._unsent[0]) <= min(connection.window, connection.stream_window):
            content = self._unsent.popleft()
            connection.window -= len(content)
            connection.stream_window -= len(content)
            sent.append(http2.frame(http2.DATA, 0, 1, content))
        return b"".join(sent)
