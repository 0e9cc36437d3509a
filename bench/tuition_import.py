"""Imports the whole tuition accounts into a stack of its own, compares all sums, prints time and speed.

Run it as `python -m bench.tuition_import [file]`; it ends with status 1 when a sum differs.
"""

import io
import sys
import time
from pathlib import Path

import uvloop
from rich.console import Console

from bench.running import Addresses, running_stack
from command_line.importing.progress import progress_view
from command_line.importing.replay import Replayed, replay
from command_line.importing.terminal import IN_FLIGHT
from command_line.importing.tuition.command import STREAMS, summarize
from command_line.importing.tuition.report import TuitionReport
from command_line.importing.tuition.source import TuitionAccounts
from tests.end_to_end.tuition_answers import DAYS, differences, wait_until_read
from tests.end_to_end.tuition_sums import AccountSums, sum_file, sum_months

DATA = Path("../shared/data/tuition-payments/accounts-00001-20000.csv.gz")
_CATCH_UP_SECONDS = 1_800


def measure(file: Path) -> int:
    """The process's exit status: 0 when every sum is equal and a second run changed nothing."""
    console = Console(soft_wrap=True, highlight=False)
    accounts = sum_file(file)
    with running_stack() as addresses:
        found = _compare(_import(file, addresses, console), addresses, accounts, console)
        console.print("again:")
        again = _import(file, addresses, console)
        if again.report.events:
            found.append(f"the second run wrote {again.report.events:,} events")
        found += _compare(again, addresses, accounts, console)
    for difference in found:
        console.print(difference)
    return 1 if found else 0


def _import(file: Path, addresses: Addresses, console: Console) -> Replayed[TuitionReport]:
    replaying = replay(
        TuitionAccounts(file, io.StringIO()),
        write_address=addresses.write,
        progress=progress_view(console),
        streams=STREAMS,
        in_flight=IN_FLIGHT,
    )
    replayed = uvloop.run(replaying)
    summarize(console, replayed)
    return replayed


def _compare(
    replayed: Replayed[TuitionReport],
    addresses: Addresses,
    accounts: dict[str, AccountSums],
    console: Console,
) -> list[str]:
    report = replayed.report
    assert report.last_receipt is not None
    began = time.monotonic()
    wait_until_read(addresses.read, report.last_receipt.token, seconds=_CATCH_UP_SECONDS)
    console.print(f"the read side had all of it {time.monotonic() - began:.2f} s after the last answer")
    found = differences(addresses.read, report.last_receipt.token, accounts)
    if report.accounts_read != len(accounts) or report.accounts_not_taken:
        found.append(f"accounts read: expected {len(accounts)}, and all of them taken")
    if not report.is_complete:
        found.append("the bills and payments taken and not taken are not those read")
    months = sum_months(accounts.values(), DAYS[-1])
    cents = sum(month.collected for month in months.values())
    console.print(
        f"compared {len(accounts):,} accounts and {len(months)} months on {len(DAYS)} days, "
        f"{cents / 100:,.2f} collected of {sum(m.expected for m in months.values()) / 100:,.2f}: "
        f"{len(found)} differences"
    )
    return found


if __name__ == "__main__":
    sys.exit(measure(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA))
