"""One call at a time from the process that asks, for what is not a load."""

from bench.load.grpc_calls import GrpcCalls
from bench.load.loops import connect


class Caller:
    """A connection to a gRPC method's server that stays open."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._socket = connect(address)
        self._content = b""
        # The path may differ from call to call, the connection's state may not.
        self._calls = GrpcCalls(address, "/", lambda _: self._content, keeps_answers=True)
        self._socket.sendall(self._calls.opening())

    def call(self, path: str, content: bytes) -> list[bytes]:
        """The messages of the answer. Raises UnexpectedAnswer."""
        self._content = content
        self._calls.go_to(self._address, path)
        self._socket.sendall(self._calls.request(0))
        done = 0
        while not done:
            data = self._socket.recv(262_144)
            if not data:
                raise ConnectionError("the server closed the connection")
            done, reply = self._calls.received(data)
            if reply:
                self._socket.sendall(reply)
        return _messages(self._calls.answer)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def call_once(address: str, path: str, content: bytes) -> list[bytes]:
    """The messages that a call answers. Raises UnexpectedAnswer."""
    caller = Caller(address)
    try:
        return caller.call(path, content)
    finally:
        caller.close()


def _messages(answer: bytes) -> list[bytes]:
    messages, place = [], 0
    while place < len(answer):
        stop = place + 5 + int.from_bytes(answer[place + 1 : place + 5], "big")
        messages.append(answer[place + 5 : stop])
        place = stop
    return messages
