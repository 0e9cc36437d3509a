"""The terminal command that imports tuition accounts."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from command_line.importing.files import FileNotUnderstood
from command_line.importing.replay import Replayed
from command_line.importing.summary import entries, print_summary
from command_line.importing.terminal import (
    IN_FLIGHT,
    WRITE_ADDRESS,
    InFlight,
    ReportFile,
    Streams,
    WriteAddress,
    fail,
    run,
)
from command_line.importing.tuition.report import TuitionReport
from command_line.importing.tuition.source import TuitionAccounts

# Families have nothing in common, so streams side by side never collide.
STREAMS = 4


def import_tuition(
    file: Annotated[Path, typer.Argument(help="The accounts, .csv or .csv.gz.")],
    write_address: WriteAddress = WRITE_ADDRESS,
    report: ReportFile = Path("tuition-report.csv"),
    streams: Streams = STREAMS,
    in_flight: InFlight = IN_FLIGHT,
) -> None:
    """Replay monthly bills and payments of accounts as families; running it again changes nothing."""
    console = Console()
    try:
        with report.open("w", newline="", encoding="utf-8") as rows:
            source = TuitionAccounts(file, rows)
            replayed = run(source, console, write_address=write_address, streams=streams, in_flight=in_flight)
    except (FileNotUnderstood, OSError) as error:
        fail(str(error))
    summarize(console, replayed)
    console.print(f"what was not taken is listed in {report}", highlight=False, soft_wrap=True)
    if not replayed.report.is_complete:
        fail("the bills and payments taken and not taken are not those read")


def summarize(console: Console, replayed: Replayed[TuitionReport]) -> None:
    """Print what the import did."""
    report = replayed.report
    not_taken = report.accounts_not_taken
    accounts = "\n".join(
        (
            f"{report.accounts_read:,} accounts read, {not_taken.total():,} not taken",
            *(f"  {count:,} {reason}" for reason, count in not_taken.most_common()),
        )
    )
    print_summary(console, replayed, accounts, entries(report, "bills and payments"))
