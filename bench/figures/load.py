"""The load processes alone: what they can make must be far from what is measured with them."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.figures.places import RECEIVE_STOCK
from bench.load.requests import Deliveries
from bench.measuring import Row, Section, Values
from bench.programs import serving
from bench.stand import LOAD_PROCESSES, Stand


@contextmanager
def load_alone(stand: Stand) -> Iterator[Section]:
    """The calls of the other sections to sockets that answer at once, served by as many processes."""
    deliveries = Deliveries(products=stand.sizes.products)
    command = [sys.executable, "-m", "bench.floors.sink"]
    with ExitStack() as running:
        sink = running.enter_context(serving([*command, "0"]))
        for _ in range(LOAD_PROCESSES - 1):
            running.enter_context(serving([*command, sink.rpartition(":")[2]]))

        def turn() -> Values:
            taken = stand.calls(sink, RECEIVE_STOCK, deliveries, clients=stand.sizes.clients)
            return {"alone": taken.per_second}

        name = "load processes against sockets that answer at once, 64 clients"
        yield Section(
            title="The load processes alone",
            turns=(turn,),
            rows=(Row(name=name, unit="calls/s", value="alone"),),
        )
