"""Queries of orders over gRPC: one order, a page, and a long stream."""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.figures.places import GET_ORDER, LIST_ORDERS
from bench.figures.same_answers import check_orders
from bench.figures.turns import (
    called,
    called_over_http,
    row_of_shared,
    rows_beside,
    shared_connections,
)
from bench.floors.echo_service import STREAM, UNARY
from bench.floors.valkey import gets_per_second
from bench.load import requests
from bench.load.http_requests import HttpOrder
from bench.load.one_call import call_once
from bench.measuring import Row, Section, Turn
from bench.peers import programs
from bench.programs import Asked
from bench.stand import Stand

_SAMPLE = 20


@contextmanager
def one_order(stand: Stand) -> Iterator[Section]:
    """GetOrder by 64 clients."""
    read, clients = stand.stack.read_address, stand.sizes.clients
    wanted, over_http = requests.OneOrder(orders=stand.sizes.orders), HttpOrder(orders=stand.sizes.orders)
    size = _mean_size([call_once(read, GET_ORDER, wanted.maker()(number))[0] for number in range(_SAMPLE)])
    with ExitStack() as running:
        start = running.enter_context
        places = {
            "orders": (read, GET_ORDER),
            "orders on grpc.aio": (start(stand.on_grpc_aio("read_service")), GET_ORDER),
            "echo": (start(stand.echo(size)), UNARY),
            "plain gRPC": (start(programs.plain_grpc(stand.peers, stand.plain_url)), GET_ORDER),
        }
        http = start(programs.plain_http(stand.peers, stand.plain_url))
        turns = [
            *(turn for name in places for turn in called(stand, name, places[name], wanted, clients=clients)),
            *shared_connections(stand, places, ("orders", "echo"), wanted),
            *called_over_http(stand, "FastAPI", http, over_http, clients=clients),
            lambda: {"valkey": gets_per_second(stand, bytes(size), clients=clients)},
        ]
        yield Section(title="GetOrder", turns=turns, rows=_order_rows())


def _order_rows() -> tuple[Row, ...]:
    echo = "empty grpc.aio echo, same sizes, one process"
    beside = rows_beside("GetOrder, 64 clients", "queries/s", "orders")
    on_aio = rows_beside("GetOrder, 64 clients, on grpc.aio", "queries/s", "orders on grpc.aio")
    return (
        beside("echo", echo, 2.5),
        beside("plain gRPC", "plain grpc.aio + psycopg GET with JOIN, one process", 5),
        beside("FastAPI", "plain FastAPI + SQLAlchemy GET with JOIN, one process", 18),
        beside("valkey", "Valkey GET of as many bytes, one a round trip, no gRPC"),
        on_aio("echo", echo, 0.8),
        row_of_shared("GetOrder", "queries/s", "orders"),
    )


@contextmanager
def page(stand: Stand) -> Iterator[Section]:
    """The newest 100 orders by 16 clients."""
    read = stand.stack.read_address
    messages = call_once(read, LIST_ORDERS, requests.PAGE_OF_100.content)

    def paged(name: str, address: str | None, path: str) -> list[Turn]:
        clients = stand.sizes.page_clients
        return called(stand, name, (address, path), requests.PAGE_OF_100, clients=clients)

    with (
        stand.echo(_mean_size(messages), len(messages)) as echo,
        programs.plain_grpc(stand.peers, stand.plain_url) as plain,
    ):
        if plain is not None:
            check_orders(stand, plain)
        turns = [
            *paged("pages", read, LIST_ORDERS),
            *paged("echo", echo, STREAM),
            *paged("plain gRPC", plain, LIST_ORDERS),
        ]
        yield Section(title="A page of 100 orders", turns=turns, rows=_page_rows())


def _page_rows() -> tuple[Row, ...]:
    beside = rows_beside("page of 100 orders, 16 clients", "pages/s", "pages")
    return (
        beside("echo", "grpc.aio stream of the same bytes, one process", 0.6),
        beside("plain gRPC", "plain grpc.aio + psycopg list, one process", 2.5),
    )


@contextmanager
def whole_list(stand: Stand) -> Iterator[Section]:
    """All orders as one stream to one client."""
    read, orders = stand.stack.read_address, stand.sizes.orders
    messages = call_once(read, LIST_ORDERS, requests.ALL_ORDERS.content)
    beside = rows_beside(f"streaming {orders:,} orders", "rows/s", "rows")
    with stand.echo(_mean_size(messages), len(messages)) as echo, stand.probing() as probe:
        yield Section(
            title="All orders as one stream",
            turns=(
                _streamed(probe, "rows", (read, LIST_ORDERS), orders),
                _streamed(probe, "echo rows", (echo, STREAM), orders),
            ),
            rows=(beside("echo rows", "grpc.aio stream of the same bytes", 0.6),),
        )


def _streamed(probe: Asked, name: str, place: tuple[str, str], rows: int) -> Turn:
    address, path = place
    request = requests.ALL_ORDERS.content.hex()
    return lambda: {
        name: rows / probe.ask(do="stream", address=address, path=path, request=request, name=name)[name]
    }


def _mean_size(messages: list[bytes]) -> int:
    return round(statistics.mean(len(message) for message in messages))
