"""Imports the whole Online Retail data into a stack of its own, compares all sums, prints time and speed.

Run it as `python -m bench.retail_import [folder]`; it ends with status 1 when a sum differs.
"""

import io
import sys
from pathlib import Path

from rich.console import Console

from bench.imports import Import, measure
from command_line.importing.online_retail.command import STREAMS, summarize
from command_line.importing.online_retail.report import RetailReport
from command_line.importing.online_retail.source import OnlineRetail, files_of
from tests.end_to_end.retail_answers import differences
from tests.end_to_end.retail_sums import sum_files

DATA = Path("../shared/data/online-retail")


def main(folder: Path) -> int:
    """The process's exit status: 0 when every sum is equal and a second run changed nothing."""
    files = files_of(folder)
    sums = sum_files(files)

    def compare(read_address: str, report: RetailReport, console: Console) -> list[str]:
        assert report.last_receipt is not None
        found = differences(read_address, report.last_receipt.token, sums)
        read = (sums.lines_read, sums.lines_not_taken)
        if (report.entries_read, report.entries_not_taken.total()) != read:
            found.append(f"lines read and not taken: expected {read}")
        if not report.is_complete:
            found.append("the lines taken and not taken are not the lines read")
        console.print(
            f"compared {len(sums.days):,} days, {len(sums.sold):,} products, "
            f"{len(sums.customers):,} customers, {len(sums.order_cents):,} orders: {len(found)} differences"
        )
        return found

    return measure(
        Import(
            source=lambda: OnlineRetail(files, io.StringIO()),
            streams=STREAMS,
            summarize=summarize,
            differences=compare,
        )
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA))
