"""A service of one process, and of several that serve its address."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.figures.places import GET_ORDER, RECEIVE_STOCK
from bench.figures.turns import called, rows_beside
from bench.load.requests import Deliveries, OneOrder
from bench.measuring import Row, Section, Turn
from bench.stand import Stand

_COUNTS = (1, 2, 4)


@contextmanager
def more_processes(stand: Stand) -> Iterator[Section]:
    """GetOrder and ReceiveStock by 64 clients each."""
    orders, products = OneOrder(orders=stand.sizes.orders), stand.sizes.products // len(_COUNTS)
    turns: list[Turn] = []
    with ExitStack() as running:
        for number, count in enumerate(_COUNTS):
            # Of its own: services that take turns with the same streams would read them anew at each turn.
            deliveries = Deliveries(products=products, first_product=number * products)
            for value, module, path, requests in (
                (f"queries by {count}", "read_service", GET_ORDER, orders),
                (f"commands by {count}", "write_service", RECEIVE_STOCK, deliveries),
            ):
                address = running.enter_context(stand.processes(module, count))
                turns += called(stand, value, (address, path), requests, clients=stand.sizes.clients)
        yield Section(title="More processes", turns=turns, rows=_rows())


def _rows() -> list[Row]:
    whats = {"queries": "GetOrder, 64 clients", "commands": "single-event commands, 64 clients"}
    return [
        rows_beside(f"{name}, {count} processes", f"{what}/s", f"{what} by {count}")(
            f"{what} by 1", "one process"
        )
        for what, name in whats.items()
        for count in _COUNTS[1:]
    ]
