"""Measures the product beside floors and peers, on a stack of its own: python -m bench [--quick].

Prints a table and writes bench/results. `--only` takes parts of the names of sections.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from bench.figures import (
    appends,
    catch_up,
    commands,
    freshness,
    load,
    orders,
    processes,
    queries,
    rebuilds,
    replays,
    reports,
    room,
)
from bench.measuring import Measured, Section, measure
from bench.peers.environment import make_peers
from bench.report import table
from bench.report.files import write_results
from bench.report.machine import describe
from bench.sizes import QUICK, WHOLE, Sizes
from bench.stand import Stand, standing

# Queries first: what the commands write would change what they answer.
SECTIONS: Sequence[Callable[[Stand], AbstractContextManager[Section]]] = (
    room.taking_room,
    queries.one_order,
    queries.page,
    queries.whole_list,
    reports.reporting,
    catch_up.catching_up,
    rebuilds.rebuilding,
    replays.replaying,
    commands.many_clients,
    commands.one_at_a_time,
    orders.placing,
    appends.appending,
    freshness.becoming_readable,
    processes.more_processes,
    load.load_alone,
)
MISSING = ("a command of its own: import of the whole retail data (python -m bench.retail_import)",)


def main() -> None:
    """Make the peers, start the stand, measure section by section, report."""
    options = _options()
    sizes, began = _sizes(options), time.monotonic()
    # An end from outside must take what was started along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    peers = make_peers()
    _say(f"the peers' environments are there after {time.monotonic() - began:.0f} s")
    with standing(sizes, peers, _say) as stand:
        machine = describe(stand)
        measured: list[Measured] = []
        busy: dict[str, float] = {}
        for section in SECTIONS:
            if not options.only or any(part in section.__name__ for part in options.only):
                measured += _measured(section, stand, busy)
    missing = (*peers.remarks, *MISSING)
    _say(f"everything took {time.monotonic() - began:.0f} s\n")
    for line in table.lines(machine, measured, (*_busiest(busy), *missing)):
        print(line)
    name = "quick" if options.quick else "latest"
    if not options.only:
        for path in write_results(name, machine, measured, missing, busy):
            _say(f"written: {path}")


def _say(line: str) -> None:
    print(line, flush=True)


def _measured(
    section: Callable[[Stand], AbstractContextManager[Section]],
    stand: Stand,
    busy: dict[str, float],
) -> list[Measured]:
    began = time.monotonic()
    stand.load.busiest = 0.0
    with section(stand) as found:
        measured = measure(found, stand.sizes.repeats)
    if section is not load.load_alone:
        busy[found.title] = round(stand.load.busiest, 3)
    _say(f"{found.title}: {time.monotonic() - began:.0f} s")
    return measured


def _busiest(busy: dict[str, float]) -> list[str]:
    title = max(busy, key=lambda each: busy[each], default="")
    if not title:
        return []
    return [
        f"the busiest load process spent {busy[title]:.0%} of its time computing ({title}); "
        "under 80 % it waited for answers, and was not what was measured"
    ]


def _sizes(options: argparse.Namespace) -> Sizes:
    sizes = QUICK if options.quick else WHOLE
    return sizes if options.repeats is None else replace(sizes, repeats=options.repeats)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, 3 shorter repeats")
    parser.add_argument("--repeats", type=int, help="how often everything is measured")
    parser.add_argument("--only", nargs="*", default=[], help="parts of the names of sections")
    return parser.parse_args()


if __name__ == "__main__":
    main()
