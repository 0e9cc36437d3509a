"""A stream of ten thousand events: folded again, and its state as a query."""

from collections.abc import Iterator
from contextlib import contextmanager

from diptych.orders.v1.order_query_service_pb2 import GetProductRequest

from bench.figures.places import GET_PRODUCT
from bench.figures.turns import rows_beside
from bench.load.requests import Always
from bench.measuring import Section, Turn, Values
from bench.peers import programs
from bench.programs import Asked
from bench.seed import names
from bench.stand import Stand


@contextmanager
def replaying(stand: Stand) -> Iterator[Section]:
    """Beside the replay of as many events by eventsourcing."""
    replay = rows_beside("replay of one stream of 10,000 events", "replays/s", "replays")
    query = rows_beside("the same state as a query, one client", "queries/s", "queries")
    peer = ("eventsourcing replays", "eventsourcing's replay")
    with (
        stand.inside() as inside,
        programs.eventsourcing(stand.peers, stand.database("eventsourcing")) as library,
    ):
        turns = [_replayed(stand, inside), _queried(stand)]
        if library is not None:
            library.ask(do="prepare", products=1, long_stream=stand.sizes.long_stream)
            seconds = stand.sizes.window.seconds
            turns.append(lambda: library.ask(do="replay", seconds=seconds))
        yield Section(
            title="A stream of 10,000 events", turns=turns, rows=(replay(*peer, 10), query(*peer, 1000))
        )


def _replayed(stand: Stand, inside: Asked) -> Turn:
    return lambda: inside.ask(
        do="replay",
        database_url=stand.stack.backends.writer_database_url,
        stream=f"product-{names.LONG_SKU}",
        events=stand.sizes.long_stream,
        seconds=stand.sizes.window.seconds,
    )


def _queried(stand: Stand) -> Turn:
    request = Always(content=GetProductRequest(sku=names.LONG_SKU).SerializeToString())

    def turn() -> Values:
        taken = stand.calls(stand.stack.read_address, GET_PRODUCT, request, clients=1)
        return {"queries": 1000 / taken.quantile(0.5)}

    return turn
