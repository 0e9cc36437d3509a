"""A server that answers every gRPC call at once with nothing: what the load processes themselves can make.

python -m bench.floors.sink <port, or 0 for one that is free>
"""

import selectors
import socket
import sys

from bench.load import http2

_PREFACE = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
_FRAME = 9
# Literals without a name in any table: ":status: 200", then "grpc-status: 0".
_HEADERS = b"\x00\x07:status\x03200"
_TRAILERS = b"\x00\x0bgrpc-status\x010"
_EMPTY = http2.message(b"")


class _Connection:
    """Finds the ends of requests in what a client sends."""

    def __init__(self) -> None:
        self._skipped = _PREFACE
        self._rest = b""

    def answers(self, data: bytes) -> bytes:
        """The answers to the requests that end in these bytes."""
        data = self._rest + data
        place, found = min(self._skipped, len(data)), []
        self._skipped -= place
        while len(data) - place >= _FRAME:
            stop = place + _FRAME + int.from_bytes(data[place : place + 3], "big")
            if stop > len(data):
                break
            if data[place + 3] == http2.DATA and data[place + 4] & http2.END_STREAM:
                found.append(_answer(int.from_bytes(data[place + 5 : place + _FRAME], "big")))
            place = stop
        self._rest = data[place:]
        return b"".join(found)


def _answer(stream: int) -> bytes:
    return b"".join(
        (
            http2.frame(http2.HEADERS, http2.END_HEADERS, stream, _HEADERS),
            http2.frame(http2.DATA, 0, stream, _EMPTY),
            http2.frame(http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, stream, _TRAILERS),
        )
    )


def _serve(listening: socket.socket) -> None:
    selector = selectors.DefaultSelector()
    selector.register(listening, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listening:
                _accept(listening, selector)
            else:
                _answer_on(key, selector)


def _accept(listening: socket.socket, selector: selectors.BaseSelector) -> None:
    accepted, _ = listening.accept()
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    selector.register(accepted, selectors.EVENT_READ, _Connection())


def _answer_on(key: selectors.SelectorKey, selector: selectors.BaseSelector) -> None:
    assert isinstance(key.fileobj, socket.socket)
    data = key.fileobj.recv(65_536)
    if data:
        key.fileobj.sendall(key.data.answers(data))
    else:
        selector.unregister(key.fileobj)
        key.fileobj.close()


def main(port: int) -> None:
    """Serve until the process is ended; several processes may share a port."""
    listening = socket.create_server(("127.0.0.1", port), backlog=256, reuse_port=True)
    print(f"ready 127.0.0.1:{listening.getsockname()[1]}", flush=True)
    _serve(listening)


if __name__ == "__main__":
    main(int(sys.argv[1]))
