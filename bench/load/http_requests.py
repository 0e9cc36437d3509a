"""Requests of the HTTP peer by number."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.load.http_calls import HttpCalls
from bench.seed import names

HttpRequests = Callable[[int], tuple[str, str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDeliveries:
    """POST of a delivery of any product of the seed."""

    products: int

    def maker(self) -> HttpRequests:
        """Method, path and body by number."""
        bodies = [
            json.dumps({"sku": names.sku(number), "quantity": 1, "reference": "bench"}).encode()
            for number in range(self.products)
        ]
        return lambda number: ("POST", "/deliveries", bodies[number * 37 % len(bodies)])


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOrder:
    """GET of any order of the seed."""

    orders: int

    def maker(self) -> HttpRequests:
        """Method, path and body by number."""
        return lambda number: ("GET", f"/orders/{names.order(number * 7919 % self.orders)}", b"")


class MadeHttpRequests(Protocol):
    """What makes requests in the process that sends them."""

    def maker(self) -> HttpRequests:
        """Method, path and body by number."""


def http_calls(address: str, requests: MadeHttpRequests, count: int) -> Sequence[HttpCalls]:
    """The protocols of as many connections."""
    make = requests.maker()
    return [HttpCalls(address, make) for _ in range(count)]
