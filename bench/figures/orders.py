"""PlaceOrder with five lines: seven streams read, six written, stock reserved, all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures.places import PLACE_ORDER
from bench.figures.turns import called, rows_beside
from bench.load.requests import Orders
from bench.measuring import Section, Turn
from bench.peers import programs
from bench.stand import Stand


@contextmanager
def placing(stand: Stand) -> Iterator[Section]:
    """Beside a service that inserts an order and its lines in one transaction, and keeps no stock."""
    sizes = stand.sizes
    orders = Orders(customers=sizes.customers, products=sizes.products)
    beside = rows_beside("PlaceOrder with 5 lines, 64 clients", "orders/s", "orders")

    def placed(name: str, address: str | None) -> list[Turn]:
        return called(stand, name, (address, PLACE_ORDER), orders, clients=sizes.clients)

    with programs.plain_grpc(stand.peers, stand.plain_url) as plain:
        yield Section(
            title="PlaceOrder with 5 lines",
            turns=(*placed("orders", stand.stack.write_address), *placed("plain orders", plain)),
            rows=(beside("plain orders", "plain grpc.aio + psycopg: order and lines in one transaction", 1),),
        )
