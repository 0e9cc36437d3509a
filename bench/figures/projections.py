"""The read side's own work: catching up with the log, and how soon after a commit it can be read."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import redis

from bench.figures.libraries import libraries
from bench.figures.places import RECEIVE_STOCK
from bench.load.requests import Deliveries
from bench.measuring import Row, Section, Turn, Values
from bench.programs import Asked
from bench.stand import Stand
from read_store.keys import partition_root

_NAME = "catch-up into documents, indexes and tallies of the orders domain, one process"
# Long enough for batches of a thousand to average out, short enough for the slowest.
_WINDOWS = 2
_PEER_EVENTS = 10_000


@contextmanager
def catching_up(stand: Stand) -> Iterator[Section]:
    """Empty read models filled from the log, beside reading the same log and doing nothing."""
    log = stand.stack.backends.projector_database_url
    seconds = stand.sizes.window.seconds * _WINDOWS
    with ExitStack() as running:
        inside = running.enter_context(stand.inside())
        turns: list[Turn] = [
            _filled(stand, inside, seconds),
            lambda: inside.ask(do="decode", database_url=log, through=stand.orders_end, seconds=seconds),
            lambda: inside.ask(do="copy", database_url=log, through=stand.orders_end),
        ]
        turns += [_followed(library, seconds) for library in libraries(stand, running)]
        yield Section(title="Catch-up", turns=turns, rows=_rows())


def _rows() -> tuple[Row, ...]:
    def beside(floor: str, floor_name: str, goal: float | None = None) -> Row:
        return Row(
            name=_NAME, unit="events/s", value="catch-up", floor=floor, floor_name=floor_name, goal=goal
        )

    return (
        beside("reading and decoding", "reading and decoding the same log, nothing else", 0.4),
        beside("COPY", "COPY (FORMAT binary) of the same log"),
        beside("eventsourcing catch-up", "eventsourcing into a Postgres view", 20),
        beside("Emmett catch-up", "Emmett into a Postgres view, batches of 1,000", 20),
    )


def _filled(stand: Stand, inside: Asked, seconds: float) -> Turn:
    backends, turns = stand.stack.backends, iter(range(1_000_000))

    def turn() -> Values:
        name = f"bench_{next(turns)}"
        try:
            return inside.ask(
                do="catch_up",
                database_url=backends.projector_database_url,
                redis_url=backends.projector_redis_url,
                name=name,
                through=stand.orders_end,
                seconds=seconds,
            )
        finally:
            _forget(stand, name)

    return turn


def _forget(stand: Stand, name: str) -> None:
    with redis.Redis.from_url(stand.valkey.admin_url) as client:
        for keys in client.scan_iter(match=f"{partition_root(name)}*", count=1000):
            client.unlink(keys)


def _followed(library: Asked, seconds: float) -> Turn:
    library.ask(do="prepare", products=1, long_stream=_PEER_EVENTS)
    return lambda: library.ask(do="catch_up", seconds=seconds)


@contextmanager
def becoming_readable(stand: Stand) -> Iterator[Section]:
    """One client's commands and queries, while others send commands at half of the peak rate."""
    deliveries, write = Deliveries(products=stand.sizes.products), stand.stack.write_address
    peak = stand.calls(write, RECEIVE_STOCK, deliveries, clients=stand.sizes.clients).per_second
    window = stand.sizes.window

    def sent() -> float:
        return stand.calls(
            write, RECEIVE_STOCK, deliveries, clients=stand.sizes.clients, per_second=peak / 2
        ).per_second

    with stand.probing() as probe, ThreadPoolExecutor(1) as others:

        def turn() -> Values:
            sending = others.submit(sent)
            found = probe.ask(
                do="freshness",
                write_address=write,
                read_address=stand.stack.read_address,
                products=stand.sizes.products,
                seconds=window.warming_seconds + window.seconds,
            )
            return {**found, "sent": sending.result()}

        yield Section(
            title="Commit to readable at half of the peak rate",
            turns=(turn,),
            rows=(
                _wait("readable p50", "commit to readable over gRPC at half of the peak rate, p50", 5),
                _wait("readable p99", "commit to readable over gRPC at half of the peak rate, p99", 20),
                Row(name="commands sent meanwhile", unit="commands/s", value="sent"),
            ),
        )


def _wait(value: str, name: str, goal: float) -> Row:
    return Row(name=name, unit="ms", value=value, goal=goal, is_at_most=True)
