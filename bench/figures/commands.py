"""Commands of one event over gRPC: from many clients at once, in batches, and one at a time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.figures.libraries import libraries
from bench.figures.places import EXECUTE_BATCH, RECEIVE_STOCK
from bench.figures.turns import (
    called,
    called_over_http,
    row_of_shared,
    rows_beside,
    shared_connections,
)
from bench.floors import pgbench
from bench.floors.echo_service import UNARY
from bench.load.http_requests import HttpDeliveries
from bench.load.one_call import call_once
from bench.load.requests import Deliveries
from bench.measuring import Row, Section, Turn, Values
from bench.peers import programs
from bench.programs import Asked
from bench.stand import Stand

_BATCH_STREAMS = 8
_BATCH_DEPTH = 64


@contextmanager
def many_clients(stand: Stand) -> Iterator[Section]:
    """ReceiveStock from 64 clients, beside an echo and what others do for a command."""
    clients, half = stand.sizes.clients, stand.sizes.products // 2
    deliveries, over_http = Deliveries(products=half), HttpDeliveries(products=half)
    # Write services of one log that take turns with the same streams would read them anew at each turn.
    others = Deliveries(products=half, first_product=half)
    with ExitStack() as running:
        start = running.enter_context
        places = {
            "commands": (stand.stack.write_address, RECEIVE_STOCK),
            "commands on grpc.aio": (start(stand.on_grpc_aio("write_service")), RECEIVE_STOCK),
            "echo": (start(stand.echo(_answer_size(stand))), UNARY),
            "plain gRPC": (start(programs.plain_grpc(stand.peers, stand.plain_url)), RECEIVE_STOCK),
        }
        http = start(programs.plain_http(stand.peers, stand.plain_url))
        turns = [
            *(
                turn
                for name in places
                for turn in called(
                    stand,
                    name,
                    places[name],
                    others if name == "commands on grpc.aio" else deliveries,
                    clients=clients,
                )
            ),
            *shared_connections(stand, places, ("commands", "echo"), deliveries),
            *called_over_http(stand, "FastAPI", http, over_http, clients=clients),
            _in_batches(stand),
            *(_asked(stand, library) for library in libraries(stand, running)),
        ]
        yield Section(title="Single-event commands", turns=turns, rows=_rows())


def _rows() -> tuple[Row, ...]:
    name = "single-event commands over gRPC, 64 clients"
    beside = rows_beside(name, "commands/s", "commands")
    on_aio = rows_beside(f"{name}, on grpc.aio", "commands/s", "commands on grpc.aio")
    batched = rows_beside("ExecuteBatch", "commands/s", "batched")
    echo = "empty grpc.aio echo, same sizes, one process"
    plain = "plain grpc.aio + psycopg INSERT, one process"
    return (
        beside("echo", echo, 1.5),
        beside("plain gRPC", plain, 4),
        beside("FastAPI", "plain FastAPI + SQLAlchemy INSERT, one process"),
        beside("Emmett commands", "Emmett in process, no network", 3),
        beside("eventsourcing commands", "eventsourcing in process, no network", 12),
        on_aio("echo", echo, 0.65),
        on_aio("plain gRPC", plain, 1.5),
        row_of_shared("single-event commands over gRPC", "commands/s", "commands"),
        batched("commands", "the same commands as unary calls", 4),
    )


@contextmanager
def one_at_a_time(stand: Stand) -> Iterator[Section]:
    """One client that waits for each answer."""
    rows = stand.database("floor_one")
    pgbench.make_rows(rows)
    with stand.echo(_answer_size(stand)) as echo:
        yield Section(
            title="One command at a time",
            turns=(
                _median(stand, "command p50", stand.stack.write_address, RECEIVE_STOCK),
                _median(stand, "echo p50", echo, UNARY),
                _median_transaction(stand, rows),
            ),
            sums={"echo and row p50": ("echo p50", "row p50")},
            rows=(
                Row(
                    name="one command at a time, p50",
                    unit="ms",
                    value="command p50",
                    floor="echo and row p50",
                    floor_name="echo p50 + pgbench one-row p50",
                    goal=1.3,
                    is_at_most=True,
                ),
            ),
        )


def _median(stand: Stand, name: str, address: str, path: str) -> Turn:
    deliveries = Deliveries(products=stand.sizes.products // 2)
    return lambda: {name: stand.calls(address, path, deliveries, clients=1).quantile(0.5)}


def _median_transaction(stand: Stand, url: str) -> Turn:
    seconds = stand.sizes.window.seconds
    return lambda: {"row p50": pgbench.median_milliseconds(url, pgbench.one_row(), seconds=seconds)}


def _answer_size(stand: Stand) -> int:
    request = Deliveries(products=stand.sizes.products).maker()(0)
    return len(call_once(stand.stack.write_address, RECEIVE_STOCK, request)[0])


def _in_batches(stand: Stand) -> Turn:
    deliveries = Deliveries(products=stand.sizes.products // 2, is_batched=True)
    address = stand.stack.write_address

    def turn() -> Values:
        taken = stand.messages(address, EXECUTE_BATCH, deliveries, streams=_BATCH_STREAMS, depth=_BATCH_DEPTH)
        return {"batched": taken.per_second}

    return turn


def _asked(stand: Stand, library: Asked) -> Turn:
    library.ask(do="prepare", products=stand.sizes.products, long_stream=1)
    window = stand.sizes.window
    return lambda: library.ask(
        do="commands",
        clients=stand.sizes.clients,
        warming_seconds=window.warming_seconds,
        seconds=window.seconds,
    )
