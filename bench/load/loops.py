"""The loops that make calls and take their times: as many as the answers allow, or as many as are wanted."""

import gc
import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.load.protocol import Calls

_RECEIVED_BYTES = 262_144
_ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When calls are counted: `seconds` long after `warming_seconds`."""

    warming_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a loop saw in its window; `busy` is the share of it that its process spent computing."""

    calls: int
    seconds: float
    busy: float
    answered_bytes: int
    # Of each call, in milliseconds, sorted.
    milliseconds: Sequence[float] = field(repr=False)

    @property
    def per_second(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds

    def quantile(self, share: float) -> float:
        """The time in milliseconds within which so large a share of the calls ended."""
        return self.milliseconds[min(len(self.milliseconds) - 1, int(len(self.milliseconds) * share))]


@dataclass(slots=True)
class _Client:
    socket: socket.socket
    calls: Calls
    # When the calls that are under way began, oldest first.
    begun: deque[float] = field(default_factory=deque)


def connect(place: str) -> socket.socket:
    """A connection to `host:port`, or to the Unix socket at a path."""
    if place.startswith("/"):
        connected = socket.socket(socket.AF_UNIX)
        connected.connect(place)
        return connected
    host, _, port = place.rpartition(":")
    connected = socket.create_connection((host, int(port)))
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


def call_without_pause(
    place: str, calls: Sequence[Calls], window: Window, *, depth: int = 1, first_number: int = 0
) -> Taken:
    """Each connection has `depth` calls under way at any time. Raises UnexpectedAnswer."""
    loop = _Loop(place, calls, window, first_number)
    try:
        for client in loop.clients:
            for _ in range(depth):
                loop.send(client)
        while loop.under_way:
            for client, done in loop.answers(_ANSWER_SECONDS):
                for _ in range(done if time.perf_counter() < loop.end else 0):
                    loop.send(client)
        return loop.taken()
    finally:
        loop.close()


def call_at_a_pace(
    place: str, calls: Sequence[Calls], window: Window, *, per_second: float, first_number: int = 0
) -> Taken:
    """Calls begin at even intervals, each on a connection that is free, later only when none is."""
    loop = _Loop(place, calls, window, first_number)
    free, next_at = deque(loop.clients), time.perf_counter()
    try:
        while time.perf_counter() < loop.end or loop.under_way:
            while free and next_at <= time.perf_counter() < loop.end:
                loop.send(free.popleft())
                next_at += 1 / per_second
            is_due = free and time.perf_counter() < loop.end
            wait = max(0.0, next_at - time.perf_counter()) if is_due else _ANSWER_SECONDS
            free.extend(client for client, done in loop.answers(wait) if done)
        return loop.taken()
    finally:
        loop.close()


class _Loop:
    def __init__(self, place: str, calls: Sequence[Calls], window: Window, first_number: int) -> None:
        self.clients = [_Client(connect(place), each) for each in calls]
        self.under_way = 0
        self._number = first_number
        self._selector = selectors.DefaultSelector()
        for client in self.clients:
            client.socket.sendall(client.calls.opening())
            self._selector.register(client.socket, selectors.EVENT_READ, client)
        gc.disable()
        self._from = time.perf_counter() + window.warming_seconds
        self.end = self._from + window.seconds
        self._seconds = window.seconds
        self._used: list[float] = []
        self._bytes: list[int] = []
        self._milliseconds: list[float] = []

    def send(self, client: _Client) -> None:
        content = client.calls.request(self._number)
        self._number += 1
        self.under_way += 1
        client.begun.append(time.perf_counter())
        if content:
            client.socket.sendall(content)

    def answers(self, wait_seconds: float) -> list[tuple[_Client, int]]:
        answered, ready = [], self._selector.select(wait_seconds)
        if not ready and wait_seconds == _ANSWER_SECONDS:
            raise TimeoutError(f"no answer within {_ANSWER_SECONDS:g} s")
        for key, _ in ready:
            client: _Client = key.data
            data = client.socket.recv(_RECEIVED_BYTES)
            if not data:
                raise ConnectionError("the server closed the connection")
            done, reply = client.calls.received(data)
            if reply:
                client.socket.sendall(reply)
            if done:
                self._count(client, done)
                answered.append((client, done))
        return answered

    def _count(self, client: _Client, done: int) -> None:
        now = time.perf_counter()
        self.under_way -= done
        begun = [client.begun.popleft() for _ in range(done)]
        if now >= self._from and not self._used:
            self._mark()
        if self._from <= now < self.end:
            self._milliseconds += [(now - each) * 1000 for each in begun]
        elif now >= self.end and len(self._used) == 1:
            self._mark()

    def _mark(self) -> None:
        self._used.append(time.process_time())
        self._bytes.append(sum(client.calls.answered_bytes for client in self.clients))

    def taken(self) -> Taken:
        while len(self._used) < 2:
            self._mark()
        return Taken(
            calls=len(self._milliseconds),
            seconds=self._seconds,
            busy=(self._used[1] - self._used[0]) / self._seconds,
            answered_bytes=self._bytes[1] - self._bytes[0],
            milliseconds=sorted(self._milliseconds),
        )

    def close(self) -> None:
        gc.enable()
        self._selector.close()
        for client in self.clients:
            client.socket.close()
