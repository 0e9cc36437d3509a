"""Catching up with the log: empty read models filled, beside reading the same log and doing nothing."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import redis

from bench.figures.libraries import libraries
from bench.figures.turns import rows_beside
from bench.measuring import Row, Section, Turn, Values
from bench.programs import Asked
from bench.stand import Stand
from read_store.keys import partition_root

_NAME = "catch-up into documents, indexes and tallies of the orders domain, one process"
# Long enough for the largest batches to average out, short enough for the slowest.
_WINDOWS = 2
_PEER_EVENTS = 10_000


@contextmanager
def catching_up(stand: Stand) -> Iterator[Section]:
    """A projector's work from the first event on, and that of the libraries on logs of their own."""
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
    beside = rows_beside(_NAME, "events/s", "catch-up")
    return (
        beside("reading and decoding", "reading and decoding the same log, nothing else", 0.4),
        beside("COPY", "COPY (FORMAT binary) of the same log"),
        beside("eventsourcing catch-up", "eventsourcing into a Postgres view", 20),
        beside("Emmett catch-up", "Emmett into a Postgres view, batches of 1,000", 20),
    )


def _filled(stand: Stand, inside: Asked, seconds: float) -> Turn:
    backends, numbers = stand.stack.backends, iter(range(1_000_000))

    def turn() -> Values:
        name = f"bench_{next(numbers)}"
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
            forget(stand, name)

    return turn


def forget(stand: Stand, *names: str) -> None:
    """Remove the read models of partitions that a turn has filled."""
    with redis.Redis.from_url(stand.valkey.admin_url) as client:
        for name in names:
            for keys in client.scan_iter(match=f"{partition_root(name)}*", count=1000):
                client.unlink(keys)


def _followed(library: Asked, seconds: float) -> Turn:
    library.ask(do="prepare", products=1, long_stream=_PEER_EVENTS)
    return lambda: library.ask(do="catch_up", seconds=seconds)
