"""A stream of ten thousand events: folded again, and its state as a query."""

from collections.abc import Iterator
from contextlib import contextmanager

from diptych.orders.v1.order_query_service_pb2 import GetProductRequest

from bench.figures.places import GET_PRODUCT
from bench.load.requests import Always
from bench.measuring import Row, Section, Turn, Values
from bench.peers import programs
from bench.programs import Asked
from bench.seed import names
from bench.stand import Stand


@contextmanager
def replaying(stand: Stand) -> Iterator[Section]:
    """Beside the replay of as many events by eventsourcing."""
    sizes, backends = stand.sizes, stand.stack.backends
    request = Always(content=GetProductRequest(sku=names.LONG_SKU).SerializeToString())
    seconds = sizes.window.seconds
    with (
        stand.inside() as inside,
        programs.eventsourcing(stand.peers, stand.database("eventsourcing")) as library,
    ):
        turns = [] if library is None else [_replayed(library, sizes.long_stream, seconds)]

        def ours() -> Values:
            return inside.ask(
                do="replay",
                database_url=backends.writer_database_url,
                stream=f"product-{names.LONG_SKU}",
                events=sizes.long_stream,
                seconds=seconds,
            )

        def query() -> Values:
            taken = stand.calls(stand.stack.read_address, GET_PRODUCT, request, clients=1)
            return {"queries": 1000 / taken.quantile(0.5)}

        yield Section(
            title="A stream of 10,000 events",
            turns=(ours, query, *turns),
            rows=(
                _row("replay of one stream of 10,000 events", "replays/s", "replays", 10),
                _row("the same state as a query, one client", "queries/s", "queries", 1000),
            ),
        )


def _replayed(library: Asked, events: int, seconds: float) -> Turn:
    library.ask(do="prepare", products=1, long_stream=events)
    return lambda: library.ask(do="replay", seconds=seconds)


def _row(name: str, unit: str, value: str, goal: float) -> Row:
    return Row(
        name=name,
        unit=unit,
        value=value,
        floor="eventsourcing replays",
        floor_name="eventsourcing's replay",
        goal=goal,
    )
