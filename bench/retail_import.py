"""Imports the whole Online Retail data into a stack of its own, compares all sums, prints time and speed.

Run it as `python -m bench.retail_import [folder]`; it ends with status 1 when a sum differs.
"""

import io
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop
from rich.console import Console

from bench.running import Addresses, running_stack
from command_line.importing.online_retail.command import STREAMS, summarize
from command_line.importing.online_retail.report import RetailReport
from command_line.importing.online_retail.source import OnlineRetail, files_of
from command_line.importing.progress import progress_view
from command_line.importing.replay import Replayed, replay
from command_line.importing.terminal import IN_FLIGHT
from tests.end_to_end.retail_answers import differences, wait_until_read
from tests.end_to_end.retail_sums import RetailSums, sum_files

DATA = Path("../shared/data/online-retail")
_CATCH_UP_SECONDS = 1_800


def measure(folder: Path) -> int:
    """The process's exit status: 0 when every sum is equal and a second run changed nothing."""
    console = Console(soft_wrap=True, highlight=False)
    files = files_of(folder)
    sums = sum_files(files)
    with running_stack() as addresses:
        found = _compare(_import(files, addresses, console), addresses, sums, console)
        console.print("again:")
        again = _import(files, addresses, console)
        if again.report.events:
            found.append(f"the second run wrote {again.report.events:,} events")
        found += _compare(again, addresses, sums, console)
    for difference in found:
        console.print(difference)
    return 1 if found else 0


def _import(files: Sequence[Path], addresses: Addresses, console: Console) -> Replayed[RetailReport]:
    replaying = replay(
        OnlineRetail(files, io.StringIO()),
        write_address=addresses.write,
        progress=progress_view(console),
        streams=STREAMS,
        in_flight=IN_FLIGHT,
    )
    replayed = uvloop.run(replaying)
    summarize(console, replayed)
    return replayed


def _compare(
    replayed: Replayed[RetailReport], addresses: Addresses, sums: RetailSums, console: Console
) -> list[str]:
    report = replayed.report
    assert report.last_receipt is not None
    began = time.monotonic()
    wait_until_read(addresses.read, report.last_receipt.token, seconds=_CATCH_UP_SECONDS)
    console.print(f"the read side had all of it {time.monotonic() - began:.2f} s after the last answer")
    found = differences(addresses.read, report.last_receipt.token, sums)
    read = (sums.lines_read, sums.lines_not_taken)
    if (report.entries_read, report.entries_not_taken.total()) != read:
        found.append(f"lines read and not taken: expected {read}")
    if not report.is_complete:
        found.append("the lines taken and not taken are not the lines read")
    console.print(
        f"compared {len(sums.days):,} days, {len(sums.sold):,} products, {len(sums.customers):,} customers, "
        f"{len(sums.order_cents):,} orders: {len(found)} differences"
    )
    return found


if __name__ == "__main__":
    sys.exit(measure(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA))
