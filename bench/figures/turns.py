"""Turns that several sections take."""

from collections.abc import Callable, Iterable, Mapping

from bench.load.http_requests import MadeHttpRequests
from bench.load.loops import Taken
from bench.measuring import Row, Turn
from bench.stand import MadeRequests, Stand

Beside = Callable[..., Row]
# Clients a connection.
_SHARING = 16


def called(
    stand: Stand,
    name: str,
    place: tuple[str | None, str],
    requests: MadeRequests,
    *,
    clients: int,
    sharing: int = 1,
) -> list[Turn]:
    """Calls a second of a method at an address; no turn where nothing serves."""
    address, path = place
    if address is None:
        return []

    def take() -> Taken:
        return stand.calls(address, path, requests, clients=clients, sharing=sharing)

    return [lambda: {name: take().per_second}]


def shared_connections(
    stand: Stand, places: Mapping[str, tuple[str | None, str]], names: Iterable[str], requests: MadeRequests
) -> list[Turn]:
    """Turns of the same clients on few connections, as the callers within one process share a channel."""
    return [
        turn
        for name in names
        for turn in called(
            stand, _shared(name), places[name], requests, clients=stand.sizes.clients, sharing=_SHARING
        )
    ]


def row_of_shared(name: str, unit: str, value: str) -> Row:
    """The row of a value that `shared_connections` finds, beside the echo's."""
    return Row(
        name=f"{name}, 64 clients on 4 connections",
        unit=unit,
        value=_shared(value),
        floor=_shared("echo"),
        floor_name="empty grpc.aio echo, same sizes, one process, on 4 connections too",
    )


def _shared(name: str) -> str:
    return f"{name} on shared connections"


def called_over_http(
    stand: Stand, name: str, address: str | None, requests: MadeHttpRequests, *, clients: int
) -> list[Turn]:
    """The same over HTTP/1.1."""
    if address is None:
        return []
    return [lambda: {name: stand.http_calls(address, requests, clients=clients).per_second}]


def rows_beside(name: str, unit: str, value: str) -> Beside:
    """Makes the rows of one value: floor, the floor's name, and the goal of the ratio."""

    def beside(floor: str, floor_name: str, goal: float | None = None) -> Row:
        return Row(name=name, unit=unit, value=value, floor=floor, floor_name=floor_name, goal=goal)

    return beside
