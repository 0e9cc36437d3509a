"""How soon after a commit it can be read over gRPC, while others send commands at half of the peak rate."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from bench.figures.places import RECEIVE_STOCK
from bench.load.loops import Taken
from bench.load.requests import Deliveries
from bench.measuring import Row, Section, Turn, Values
from bench.programs import Asked
from bench.stand import Stand


@contextmanager
def becoming_readable(stand: Stand) -> Iterator[Section]:
    """One client's commands and queries, a query after each command that must include it."""
    name = "commit to readable over gRPC at half of the peak rate"
    peak = _sent(stand, None).per_second
    with stand.probing() as probe, ThreadPoolExecutor(1) as others:
        yield Section(
            title="Commit to readable at half of the peak rate",
            turns=(_probed(stand, probe, others, peak / 2),),
            rows=(
                _wait("readable p50", f"{name}, p50", 5),
                _wait("readable p99", f"{name}, p99", 20),
                Row(name="commands sent meanwhile", unit="commands/s", value="sent"),
            ),
        )


def _probed(stand: Stand, probe: Asked, others: Executor, per_second: float) -> Turn:
    window = stand.sizes.window

    def turn() -> Values:
        sending = others.submit(_sent, stand, per_second)
        found = probe.ask(
            do="freshness",
            write_address=stand.stack.write_address,
            read_address=stand.stack.read_address,
            products=stand.sizes.products,
            seconds=window.warming_seconds + window.seconds,
        )
        return {**found, "sent": sending.result().per_second}

    return turn


def _sent(stand: Stand, per_second: float | None) -> Taken:
    deliveries = Deliveries(products=stand.sizes.products // 2)
    place, clients = (stand.stack.write_address, RECEIVE_STOCK), stand.sizes.clients
    return stand.calls(*place, deliveries, clients=clients, per_second=per_second)


def _wait(value: str, name: str, goal: float) -> Row:
    return Row(name=name, unit="ms", value=value, goal=goal, is_at_most=True)
