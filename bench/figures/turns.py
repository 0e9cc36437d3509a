"""Turns that several sections take."""

from collections.abc import Callable

from bench.load.http_requests import MadeHttpRequests
from bench.load.loops import Taken
from bench.measuring import Row, Turn
from bench.stand import MadeRequests, Stand

Beside = Callable[..., Row]


def called(
    stand: Stand, name: str, place: tuple[str | None, str], requests: MadeRequests, *, clients: int
) -> list[Turn]:
    """Calls a second of a method at an address; no turn where nothing serves."""
    address, path = place
    if address is None:
        return []

    def take() -> Taken:
        return stand.calls(address, path, requests, clients=clients)

    return [lambda: {name: take().per_second}]


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
