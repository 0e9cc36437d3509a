"""PlaceOrder with five lines: seven streams read, six written, stock reserved, all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures.places import PLACE_ORDER
from bench.load.requests import Orders
from bench.measuring import Row, Section, Turn
from bench.peers import programs
from bench.stand import Stand


@contextmanager
def placing(stand: Stand) -> Iterator[Section]:
    """Beside a service that inserts an order and its lines in one transaction, and keeps no stock."""
    sizes = stand.sizes
    orders = Orders(customers=sizes.customers, products=sizes.products)

    def placed(name: str, address: str | None) -> list[Turn]:
        if address is None:
            return []
        return [lambda: {name: stand.calls(address, PLACE_ORDER, orders, clients=sizes.clients).per_second}]

    with programs.plain_grpc(stand.peers, stand.plain_url) as plain:
        yield Section(
            title="PlaceOrder with 5 lines",
            turns=[*placed("orders", stand.stack.write_address), *placed("plain orders", plain)],
            rows=(
                Row(
                    name="PlaceOrder with 5 lines, 64 clients",
                    unit="orders/s",
                    value="orders",
                    floor="plain orders",
                    floor_name="plain grpc.aio + psycopg: order and lines in one transaction",
                    goal=1,
                ),
            ),
        )
