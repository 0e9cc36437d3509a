"""Queries over gRPC: one order, a page, a long stream, and the reports over everything."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures.places import DASHBOARD, GET_ORDER, LIST_ORDERS, TIERS
from bench.floors.echo_service import STREAM, UNARY
from bench.floors.valkey import gets_per_second
from bench.load import requests
from bench.load.http_requests import HttpOrder
from bench.load.one_call import call_once
from bench.measuring import Row, Section, Turn, Values
from bench.peers import programs
from bench.programs import Asked
from bench.stand import MadeRequests, Stand


@contextmanager
def one_order(stand: Stand) -> Iterator[Section]:
    """GetOrder by 64 clients."""
    sizes, read = stand.sizes, stand.stack.read_address
    wanted = requests.OneOrder(orders=sizes.orders)
    answers = [call_once(read, GET_ORDER, wanted.maker()(number))[0] for number in range(20)]
    size = round(statistics.mean(len(answer) for answer in answers))

    def over_grpc(name: str, address: str, path: str = GET_ORDER) -> Turn:
        return lambda: {name: stand.calls(address, path, wanted, clients=sizes.clients).per_second}

    def over_http(address: str) -> Turn:
        order = HttpOrder(orders=sizes.orders)
        return lambda: {"FastAPI": stand.http_calls(address, order, clients=sizes.clients).per_second}

    def valkey() -> Values:
        return {"valkey": gets_per_second(stand, bytes(size), clients=sizes.clients)}

    def beside(floor: str, floor_name: str, goal: float | None = None) -> Row:
        return Row(
            name="GetOrder, 64 clients",
            unit="queries/s",
            value="orders",
            floor=floor,
            floor_name=floor_name,
            goal=goal,
        )

    with (
        stand.echo(size) as echo,
        programs.plain_grpc(stand.peers, stand.plain_url) as plain,
        programs.plain_http(stand.peers, stand.plain_url) as http,
    ):
        yield Section(
            title="GetOrder",
            turns=(
                over_grpc("orders", read),
                over_grpc("echo", echo, UNARY),
                over_grpc("plain gRPC", plain),
                over_http(http),
                valkey,
            ),
            rows=(
                beside("echo", "empty grpc.aio echo, same sizes, one process", 2.5),
                beside("plain gRPC", "plain grpc.aio + psycopg GET with JOIN, one process", 5),
                beside("FastAPI", "plain FastAPI + SQLAlchemy GET with JOIN, one process", 18),
                beside("valkey", "Valkey GET of as many bytes, one a round trip, no gRPC"),
            ),
        )


@contextmanager
def page(stand: Stand) -> Iterator[Section]:
    """The newest 100 orders by 16 clients."""
    read = stand.stack.read_address
    messages = call_once(read, LIST_ORDERS, requests.PAGE_OF_100.content)
    size = round(statistics.mean(len(message) for message in messages))

    def beside(floor: str, floor_name: str, goal: float) -> Row:
        return Row(
            name="page of 100 orders, 16 clients",
            unit="pages/s",
            value="pages",
            floor=floor,
            floor_name=floor_name,
            goal=goal,
        )

    with (
        stand.echo(size, len(messages)) as echo,
        programs.plain_grpc(stand.peers, stand.plain_url) as plain,
    ):
        yield Section(
            title="A page of 100 orders",
            turns=(
                _paged(stand, "pages", read, LIST_ORDERS, requests.PAGE_OF_100),
                _paged(stand, "echo", echo, STREAM, requests.PAGE_OF_100),
                _paged(stand, "plain gRPC", plain, LIST_ORDERS, requests.PAGE_OF_100),
            ),
            rows=(
                beside("echo", "grpc.aio stream of the same bytes, one process", 0.6),
                beside("plain gRPC", "plain grpc.aio + psycopg list, one process", 2.5),
            ),
        )


@contextmanager
def whole_list(stand: Stand) -> Iterator[Section]:
    """All orders as one stream to one client."""
    read, rows = stand.stack.read_address, stand.sizes.orders
    messages = call_once(read, LIST_ORDERS, requests.ALL_ORDERS.content)
    size = round(statistics.mean(len(message) for message in messages))

    def streamed(probe: Asked, name: str, address: str, path: str) -> Turn:
        request = requests.ALL_ORDERS.content.hex()
        return lambda: {
            name: rows / probe.ask(do="stream", address=address, path=path, request=request, name=name)[name]
        }

    with stand.echo(size, len(messages)) as echo, stand.probing() as probe:
        yield Section(
            title="All orders as one stream",
            turns=(
                streamed(probe, "rows", read, LIST_ORDERS),
                streamed(probe, "echo rows", echo, STREAM),
            ),
            rows=(
                Row(
                    name=f"streaming {rows:,} orders",
                    unit="rows/s",
                    value="rows",
                    floor="echo rows",
                    floor_name="grpc.aio stream of the same bytes",
                    goal=0.6,
                ),
            ),
        )


@contextmanager
def reports(stand: Stand) -> Iterator[Section]:
    """Figures over all orders and over all families, by 16 clients."""
    read, sizes = stand.stack.read_address, stand.sizes

    def row(value: str, floor: str, name: str) -> Row:
        return Row(
            name=name,
            unit="reports/s",
            value=value,
            floor=floor,
            floor_name="plain grpc.aio + psycopg, SQL aggregate",
            goal=30,
        )

    with programs.plain_grpc(stand.peers, stand.plain_url) as plain:
        yield Section(
            title="Reports",
            turns=(
                _paged(stand, "dashboards", read, DASHBOARD, requests.DASHBOARD),
                _paged(stand, "plain dashboards", plain, DASHBOARD, requests.DASHBOARD),
                _paged(stand, "tiers", read, TIERS, requests.TIERS),
                _paged(stand, "plain tiers", plain, TIERS, requests.TIERS),
            ),
            rows=(
                row("dashboards", "plain dashboards", f"dashboard over {sizes.orders:,} orders, 16 clients"),
                row("tiers", "plain tiers", f"tier report over {sizes.families:,} families, 16 clients"),
            ),
        )


def _paged(stand: Stand, name: str, address: str, path: str, request: MadeRequests) -> Turn:
    clients = stand.sizes.page_clients
    return lambda: {name: stand.calls(address, path, request, clients=clients).per_second}
