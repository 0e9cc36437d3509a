"""Imports the whole tuition accounts into a stack of its own, compares all sums, prints time and speed.

Run it as `python -m bench.tuition_import [file]`; it ends with status 1 when a sum differs.
"""

import io
import sys
from pathlib import Path

from rich.console import Console

from bench.imports import Import, measure
from command_line.importing.tuition.command import STREAMS, summarize
from command_line.importing.tuition.report import TuitionReport
from command_line.importing.tuition.source import TuitionAccounts
from tests.end_to_end.tuition_answers import DAYS, differences
from tests.end_to_end.tuition_sums import sum_file, sum_months

DATA = Path("../shared/data/tuition-payments/accounts-00001-20000.csv.gz")


def main(file: Path) -> int:
    """The process's exit status: 0 when every sum is equal and a second run changed nothing."""
    accounts = sum_file(file)
    months = sum_months(accounts.values(), DAYS[-1])
    collected = sum(month.collected for month in months.values())
    expected = sum(month.expected for month in months.values())

    def compare(read_address: str, report: TuitionReport, console: Console) -> list[str]:
        assert report.last_receipt is not None
        found = differences(read_address, report.last_receipt.token, accounts)
        if report.accounts_read != len(accounts) or report.accounts_not_taken:
            found.append(f"accounts read: expected {len(accounts)}, and all of them taken")
        if not report.is_complete:
            found.append("the bills and payments taken and not taken are not those read")
        console.print(
            f"compared {len(accounts):,} accounts and {len(months)} months on {len(DAYS)} days, "
            f"{collected / 100:,.2f} collected of {expected / 100:,.2f}: {len(found)} differences"
        )
        return found

    return measure(
        Import(
            source=lambda: TuitionAccounts(file, io.StringIO()),
            streams=STREAMS,
            summarize=summarize,
            differences=compare,
        )
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA))
