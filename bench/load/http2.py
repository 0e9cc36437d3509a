"""HTTP/2 as far as gRPC needs it: frames are counted and sent ready-made, so that a call costs microseconds.

A gRPC client library costs more than the servers measured here; this one must not be what is measured.
"""

from bench.load.protocol import UnexpectedAnswer

DATA, HEADERS, RESET, SETTINGS, PING, GO_AWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACKNOWLEDGED = 1, 4, 1
LARGEST_WINDOW = 2**31 - 1
LARGEST_FRAME = 16_384
_FRAME = 9
_FIRST_WINDOW = 65_535
_INITIAL_WINDOW_SIZE = 4
# Without a table of its own for headers the server must spell every one, so that a status can be looked for.
_NO_TABLE = b"\x00\x01\x00\x00\x00\x00"
_WINDOW = b"\x00\x04" + LARGEST_WINDOW.to_bytes(4, "big")
_STATUS_OK = b"\x0bgrpc-status\x010"


def frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    """A frame as it goes over the wire."""
    return b"".join(
        (len(content).to_bytes(3, "big"), bytes((kind, flags)), stream.to_bytes(4, "big"), content)
    )


def opening() -> bytes:
    """What a client says first: windows so wide that the server never waits for it."""
    return b"".join(
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            frame(SETTINGS, 0, 0, _NO_TABLE + _WINDOW),
            frame(WINDOW_UPDATE, 0, 0, (LARGEST_WINDOW - _FIRST_WINDOW).to_bytes(4, "big")),
        )
    )


def header_block(authority: str, path: str) -> bytes:
    """The headers of a call, each spelled out."""
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": authority,
        "te": "trailers",
        "content-type": "application/grpc",
        "user-agent": "diptych-bench",
    }
    return b"".join(_literal(name.encode(), value.encode()) for name, value in headers.items())


def message(content: bytes) -> bytes:
    """A message as it stands in DATA frames."""
    return b"\x00" + len(content).to_bytes(4, "big") + content


def _literal(name: bytes, value: bytes) -> bytes:
    assert len(name) < 127
    assert len(value) < 127
    return b"".join((b"\x00", bytes((len(name),)), name, bytes((len(value),)), value))


class Connection:
    """The receiving half of a connection; `ended` streams and windows are for the sending half to look at."""

    def __init__(self) -> None:
        self.ended = 0
        self.window = _FIRST_WINDOW
        self.stream_window = _FIRST_WINDOW
        self.content = bytearray()
        self._rest = b""
        self._unacknowledged = 0

    def received(self, data: bytes) -> bytes:
        """Take bytes in, `content` being what DATA frames hold; what is to be sent back."""
        if self._rest:
            data = self._rest + data
        place, end, reply = 0, len(data), b""
        while end - place >= _FRAME:
            stop = place + _FRAME + int.from_bytes(data[place : place + 3], "big")
            if stop > end:
                break
            kind, flags = data[place + 3], data[place + 4]
            if kind == DATA:
                self.content += data[place + _FRAME : stop]
                self._unacknowledged += stop - place
            elif kind == HEADERS:
                if flags & END_STREAM:
                    self._end(data[place + _FRAME : stop])
            else:
                stream = int.from_bytes(data[place + 5 : place + _FRAME], "big")
                reply += self._control(kind, flags, stream, data[place + _FRAME : stop])
            place = stop
        self._rest = data[place:]
        return reply + self._widened()

    def _end(self, trailers: bytes) -> None:
        if _STATUS_OK not in trailers:
            raise UnexpectedAnswer(f"a call was refused: {trailers!r}")
        self.ended += 1

    def _control(self, kind: int, flags: int, stream: int, content: bytes) -> bytes:
        if kind in (RESET, GO_AWAY):
            raise UnexpectedAnswer(f"the server ended a call or the connection: {content!r}")
        if kind == PING and not flags & ACKNOWLEDGED:
            return frame(PING, ACKNOWLEDGED, 0, content)
        if kind == WINDOW_UPDATE:
            self._widen(stream, int.from_bytes(content, "big"))
        if kind == SETTINGS and not flags & ACKNOWLEDGED:
            for place in range(0, len(content), 6):
                if int.from_bytes(content[place : place + 2], "big") == _INITIAL_WINDOW_SIZE:
                    wanted = int.from_bytes(content[place + 2 : place + 6], "big")
                    self.stream_window += wanted - _FIRST_WINDOW
            return frame(SETTINGS, ACKNOWLEDGED, 0, b"")
        return b""

    def _widen(self, stream: int, size: int) -> None:
        if stream:
            self.stream_window += size
        else:
            self.window += size

    def _widened(self) -> bytes:
        if self._unacknowledged < LARGEST_WINDOW // 4:
            return b""
        size, self._unacknowledged = self._unacknowledged, 0
        return frame(WINDOW_UPDATE, 0, 0, size.to_bytes(4, "big"))
