"""Commands of one event over gRPC: from many clients at once, in batches, and one at a time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.figures.libraries import libraries
from bench.figures.places import EXECUTE_BATCH, RECEIVE_STOCK
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
_NAME = "single-event commands over gRPC, 64 clients"


@contextmanager
def many_clients(stand: Stand) -> Iterator[Section]:
    """ReceiveStock from 64 clients, beside an echo and what others do for a command."""
    with ExitStack() as running:
        start = running.enter_context
        addresses = {
            "commands": (stand.stack.write_address, RECEIVE_STOCK),
            "commands on grpc.aio": (start(stand.on_grpc_aio("write_service")), RECEIVE_STOCK),
            "echo": (start(stand.echo(_answer_size(stand))), UNARY),
        }
        if (plain := start(programs.plain_grpc(stand.peers, stand.plain_url))) is not None:
            addresses["plain gRPC"] = plain, RECEIVE_STOCK
        turns = [_unary(stand, name, *place) for name, place in addresses.items()]
        if (http := start(programs.plain_http(stand.peers, stand.plain_url))) is not None:
            turns.append(_over_http(stand, http))
        turns.append(_in_batches(stand))
        turns += [_asked(stand, library) for library in libraries(stand, running)]
        yield Section(title="Single-event commands", turns=turns, rows=_rows())


def _rows() -> tuple[Row, ...]:
    def beside(floor: str, floor_name: str, goal: float | None = None, where: str = "") -> Row:
        return Row(
            name=_NAME + where.replace(" on", ", on"),
            unit="commands/s",
            value="commands" + where,
            floor=floor,
            floor_name=floor_name,
            goal=goal,
        )

    echo, plain = (
        "empty grpc.aio echo, same sizes, one process",
        "plain grpc.aio + psycopg INSERT, one process",
    )
    return (
        beside("echo", echo, 1.5),
        beside("plain gRPC", plain, 4),
        beside("FastAPI", "plain FastAPI + SQLAlchemy INSERT, one process"),
        beside("Emmett commands", "Emmett in process, no network", 3),
        beside("eventsourcing commands", "eventsourcing in process, no network", 12),
        beside("echo", echo, 0.65, " on grpc.aio"),
        beside("plain gRPC", plain, 1.5, " on grpc.aio"),
        Row(
            name="ExecuteBatch",
            unit="commands/s",
            value="batched",
            floor="commands",
            floor_name="the same commands as unary calls",
            goal=4,
        ),
    )


@contextmanager
def one_at_a_time(stand: Stand) -> Iterator[Section]:
    """One client that waits for each answer."""
    rows = stand.database("floor_one")
    pgbench.make_rows(rows)
    deliveries = Deliveries(products=stand.sizes.products)

    def median(name: str, address: str, path: str) -> Turn:
        return lambda: {name: stand.calls(address, path, deliveries, clients=1).quantile(0.5)}

    def transaction() -> Values:
        seconds = stand.sizes.window.seconds
        return {"row p50": pgbench.median_milliseconds(rows, pgbench.one_row(), seconds=seconds)}

    with stand.echo(_answer_size(stand)) as echo:
        yield Section(
            title="One command at a time",
            turns=(
                median("command p50", stand.stack.write_address, RECEIVE_STOCK),
                median("echo p50", echo, UNARY),
                transaction,
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


def _answer_size(stand: Stand) -> int:
    request = Deliveries(products=stand.sizes.products).maker()(0)
    return len(call_once(stand.stack.write_address, RECEIVE_STOCK, request)[0])


def _unary(stand: Stand, name: str, address: str, path: str) -> Turn:
    deliveries = Deliveries(products=stand.sizes.products)
    return lambda: {name: stand.calls(address, path, deliveries, clients=stand.sizes.clients).per_second}


def _over_http(stand: Stand, address: str) -> Turn:
    deliveries = HttpDeliveries(products=stand.sizes.products)
    return lambda: {"FastAPI": stand.http_calls(address, deliveries, clients=stand.sizes.clients).per_second}


def _in_batches(stand: Stand) -> Turn:
    deliveries = Deliveries(products=stand.sizes.products, is_batched=True)
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
