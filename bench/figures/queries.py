"""Queries of orders over gRPC: one order, a page, and a long stream."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures.places import GET_ORDER, LIST_ORDERS
from bench.figures.same_answers import check_orders
from bench.floors.echo_service import STREAM, UNARY
from bench.floors.valkey import gets_per_second
from bench.load import requests
from bench.load.http_requests import HttpOrder
from bench.load.one_call import call_once
from bench.measuring import Row, Section, Turn, Values
from bench.peers import programs
from bench.programs import Asked
from bench.stand import Stand

_SAMPLE = 20


@contextmanager
def one_order(stand: Stand) -> Iterator[Section]:
    """GetOrder by 64 clients."""
    sizes, read = stand.sizes, stand.stack.read_address
    wanted = requests.OneOrder(orders=sizes.orders)
    size = _mean_size([call_once(read, GET_ORDER, wanted.maker()(number))[0] for number in range(_SAMPLE)])

    def over_grpc(name: str, address: str | None, path: str = GET_ORDER) -> list[Turn]:
        if address is None:
            return []
        return [lambda: {name: stand.calls(address, path, wanted, clients=sizes.clients).per_second}]

    def over_http(address: str | None) -> list[Turn]:
        if address is None:
            return []
        order = HttpOrder(orders=sizes.orders)
        return [lambda: {"FastAPI": stand.http_calls(address, order, clients=sizes.clients).per_second}]

    def valkey() -> Values:
        return {"valkey": gets_per_second(stand, bytes(size), clients=sizes.clients)}

    with (
        stand.echo(size) as echo,
        stand.on_grpc_aio("read_service") as read_on_aio,
        programs.plain_grpc(stand.peers, stand.plain_url) as plain,
        programs.plain_http(stand.peers, stand.plain_url) as http,
    ):
        turns = [
            *over_grpc("orders", read),
            *over_grpc("orders on grpc.aio", read_on_aio),
            *over_grpc("echo", echo, UNARY),
            *over_grpc("plain gRPC", plain),
            *over_http(http),
            valkey,
        ]
        yield Section(title="GetOrder", turns=turns, rows=_order_rows())


def _order_rows() -> tuple[Row, ...]:
    def beside(floor: str, floor_name: str, goal: float | None = None, where: str = "") -> Row:
        return Row(
            name="GetOrder, 64 clients" + where.replace(" on", ", on"),
            unit="queries/s",
            value="orders" + where,
            floor=floor,
            floor_name=floor_name,
            goal=goal,
        )

    echo = "empty grpc.aio echo, same sizes, one process"
    return (
        beside("echo", echo, 2.5),
        beside("plain gRPC", "plain grpc.aio + psycopg GET with JOIN, one process", 5),
        beside("FastAPI", "plain FastAPI + SQLAlchemy GET with JOIN, one process", 18),
        beside("valkey", "Valkey GET of as many bytes, one a round trip, no gRPC"),
        beside("echo", echo, 0.8, " on grpc.aio"),
    )


@contextmanager
def page(stand: Stand) -> Iterator[Section]:
    """The newest 100 orders by 16 clients."""
    read, clients = stand.stack.read_address, stand.sizes.page_clients
    messages = call_once(read, LIST_ORDERS, requests.PAGE_OF_100.content)

    def paged(name: str, address: str, path: str) -> Turn:
        return lambda: {name: stand.calls(address, path, requests.PAGE_OF_100, clients=clients).per_second}

    with (
        stand.echo(_mean_size(messages), len(messages)) as echo,
        programs.plain_grpc(stand.peers, stand.plain_url) as plain,
    ):
        turns = [paged("pages", read, LIST_ORDERS), paged("echo", echo, STREAM)]
        if plain is not None:
            check_orders(stand, plain)
            turns.append(paged("plain gRPC", plain, LIST_ORDERS))
        yield Section(title="A page of 100 orders", turns=turns, rows=_page_rows())


def _page_rows() -> tuple[Row, ...]:
    def beside(floor: str, floor_name: str, goal: float) -> Row:
        return Row(
            name="page of 100 orders, 16 clients",
            unit="pages/s",
            value="pages",
            floor=floor,
            floor_name=floor_name,
            goal=goal,
        )

    return (
        beside("echo", "grpc.aio stream of the same bytes, one process", 0.6),
        beside("plain gRPC", "plain grpc.aio + psycopg list, one process", 2.5),
    )


@contextmanager
def whole_list(stand: Stand) -> Iterator[Section]:
    """All orders as one stream to one client."""
    read, rows = stand.stack.read_address, stand.sizes.orders
    messages = call_once(read, LIST_ORDERS, requests.ALL_ORDERS.content)

    def streamed(probe: Asked, name: str, address: str, path: str) -> Turn:
        request = requests.ALL_ORDERS.content.hex()
        return lambda: {
            name: rows / probe.ask(do="stream", address=address, path=path, request=request, name=name)[name]
        }

    with stand.echo(_mean_size(messages), len(messages)) as echo, stand.probing() as probe:
        yield Section(
            title="All orders as one stream",
            turns=(streamed(probe, "rows", read, LIST_ORDERS), streamed(probe, "echo rows", echo, STREAM)),
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


def _mean_size(messages: list[bytes]) -> int:
    return round(statistics.mean(len(message) for message in messages))
