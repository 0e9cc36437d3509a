"""The terminal command that imports the Online Retail data set."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from command_line.importing.files import FileNotUnderstood
from command_line.importing.online_retail.report import RetailReport
from command_line.importing.online_retail.source import OnlineRetail, files_of
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

# Orders of a month compete for the same products, so a second stream would only collide.
STREAMS = 1

_MONTHS = re.compile(r"(\d{4}-\d{2})(?:\.\.(\d{4}-\d{2}))?")


def import_online_retail(  # noqa: PLR0917 - typer reads the options off the signature
    path: Annotated[Path, typer.Argument(help="A folder of YYYY-MM.csv.gz files, or one file.")],
    months: Annotated[str | None, typer.Option(help="Only these, for instance 2010-12..2011-06.")] = None,
    write_address: WriteAddress = WRITE_ADDRESS,
    report: ReportFile = Path("online-retail-report.csv"),
    streams: Streams = STREAMS,
    in_flight: InFlight = IN_FLIGHT,
) -> None:
    """Replay a retailer's months through the write service; running it again changes nothing."""
    console = Console()
    try:
        files = files_of(path, _bounds(months))
        with report.open("w", newline="", encoding="utf-8") as rows:
            source = OnlineRetail(files, rows)
            replayed = run(source, console, write_address=write_address, streams=streams, in_flight=in_flight)
    except (FileNotUnderstood, OSError) as error:
        fail(str(error))
    summarize(console, replayed)
    console.print(f"what was not taken is listed in {report}", highlight=False, soft_wrap=True)
    if not replayed.report.is_complete:
        fail("the lines taken and not taken are not the lines read")


def summarize(console: Console, replayed: Replayed[RetailReport]) -> None:
    """Print what the import did."""
    report = replayed.report
    lost = f"{report.invoices_read:,} invoices read, {report.invoices_lost:,} without a line taken"
    print_summary(console, replayed, entries(report, "lines"), lost)


def _bounds(months: str | None) -> tuple[str, str] | None:
    if months is None:
        return None
    matched = _MONTHS.fullmatch(months)
    if matched is None:
        raise typer.BadParameter(f"{months!r} is not like 2010-12 or 2010-12..2011-06", param_hint="--months")
    return matched[1], matched[2] or matched[1]
