"""Read models filled by one process, and by several that share its partitions."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from bench.figures.catch_up import forget
from bench.figures.turns import rows_beside
from bench.measuring import Section, Turn, Values
from bench.programs import Asked
from bench.stand import Stand
from read_store import partition_names

_COUNTS = (1, 2, 4)
_GOALS = {4: 2.5}
# So far each filling goes, however long it takes: a partition's batch reaches over some ten thousand
# positions, and of a moment's work only whole batches would be seen.
_EVENTS = 40_000
_LONGEST_SECONDS = 60.0


@contextmanager
def rebuilding(stand: Stand) -> Iterator[Section]:
    """The orders domain from the first event on, one partition a process."""
    with ExitStack() as running:
        processes = [running.enter_context(stand.inside()) for _ in range(max(_COUNTS))]
        threads = running.enter_context(ThreadPoolExecutor(len(processes)))
        numbers = iter(range(1_000_000))
        turns = [_filled(stand, processes[:count], threads, numbers) for count in _COUNTS]
        rows = [
            rows_beside(f"rebuild with {count} partition processes", "events/s", _value(count))(
                _value(1), "one partition, one process", _GOALS.get(count)
            )
            for count in _COUNTS[1:]
        ]
        yield Section(title="Rebuild by partitions", turns=turns, rows=rows)


def _value(processes: int) -> str:
    return f"rebuild by {processes}"


def _filled(
    stand: Stand, processes: Sequence[Asked], threads: ThreadPoolExecutor, numbers: Iterator[int]
) -> Turn:
    backends, count = stand.stack.backends, len(processes)
    through = min(stand.orders_end, _EVENTS)

    def turn() -> Values:
        name = f"parts_{next(numbers)}"

        def fill(partition: int) -> float:
            found = processes[partition].ask(
                do="catch_up",
                database_url=backends.projector_database_url,
                redis_url=backends.projector_redis_url,
                name=name,
                through=through,
                seconds=_LONGEST_SECONDS,
                partition=partition,
                partitions=count,
            )
            return found["catch-up"]

        try:
            # Readers see what all partitions have, so the slowest one is the pace.
            return {_value(count): min(threads.map(fill, range(count)))}
        finally:
            forget(stand, *partition_names(name, count))

    return turn
