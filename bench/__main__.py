"""Measures the product beside floors and peers, on a stack of its own: python -m bench [--quick].

Prints a table and writes bench/results. `--only` takes parts of the names of sections.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from rich.console import Console

from bench.figures import appends, commands, orders, projections, queries, replays
from bench.measuring import Measured, Section, measure
from bench.peers.environment import make_peers
from bench.report.files import write_results
from bench.report.machine import describe
from bench.report.table import print_table
from bench.sizes import QUICK, WHOLE, Sizes
from bench.stand import Stand, standing

# Queries first: what the commands write would change what they answer.
SECTIONS: Sequence[Callable[[Stand], AbstractContextManager[Section]]] = (
    queries.one_order,
    queries.page,
    queries.whole_list,
    queries.reports,
    projections.catching_up,
    replays.replaying,
    commands.many_clients,
    commands.one_at_a_time,
    orders.placing,
    appends.appending,
    projections.becoming_readable,
)
MISSING = (
    "not measured: rebuild with 4 partition processes beside 1 (projections have one partition so far)",
    "a command of its own: import of the whole retail data (python -m bench.retail_import)",
)


def main() -> None:
    """Make the peers, start the stand, measure section by section, report."""
    options = _options()
    console, sizes = Console(highlight=False, soft_wrap=True), _sizes(options)
    began = time.monotonic()
    peers = make_peers()
    console.print(f"peers are there after {time.monotonic() - began:.0f} s")
    with standing(sizes, peers, console.print) as stand:
        machine = describe(stand)
        measured: list[Measured] = []
        load: dict[str, float] = {}
        for section in SECTIONS:
            if not options.only or any(part in section.__name__ for part in options.only):
                measured += _measured(section, stand, console, load)
    console.print(f"everything took {time.monotonic() - began:.0f} s\n")
    print_table(console, machine, measured, (*_busiest(load), *MISSING))
    name = "quick" if options.quick else "latest"
    if not options.only:
        for path in write_results(name, machine, measured, MISSING, load):
            console.print(f"written: {path}")


def _measured(
    section: Callable[[Stand], AbstractContextManager[Section]],
    stand: Stand,
    console: Console,
    load: dict[str, float],
) -> list[Measured]:
    began = time.monotonic()
    stand.load.busiest = 0.0
    with section(stand) as found:
        measured = measure(found, stand.sizes.repeats)
    load[found.title] = round(stand.load.busiest, 3)
    console.print(f"{found.title}: {time.monotonic() - began:.0f} s")
    return measured


def _busiest(load: dict[str, float]) -> list[str]:
    title = max(load, key=lambda each: load[each], default="")
    if not title:
        return []
    return [
        f"the busiest load process spent {load[title]:.0%} of its time computing ({title}); "
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
