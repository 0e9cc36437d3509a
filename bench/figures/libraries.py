"""The event sourcing libraries that can be measured here, each over an empty database."""

from collections.abc import Iterator
from contextlib import ExitStack

from bench.peers import programs
from bench.programs import Asked
from bench.stand import Stand


def libraries(stand: Stand, running: ExitStack) -> Iterator[Asked]:
    """Those that could be installed; they end with `running`."""
    for name, start in (("eventsourcing", programs.eventsourcing), ("emmett", programs.emmett)):
        library = running.enter_context(start(stand.peers, stand.database(name)))
        if library is not None:
            yield library
