"""The terminal command that imports the Online Retail data set."""

import asyncio
import re
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvloop
from rich.console import Console

from command_line.importing.online_retail import FileNotUnderstood
from command_line.importing.progress import progress_view
from command_line.importing.replay import Replayed, files_of, replay
from command_line.importing.sender import SendingStopped
from command_line.importing.summary import print_summary
from local_stack.addresses import for_callers

WRITE_ADDRESS = "127.0.0.1:50051"
STREAMS = 1
IN_FLIGHT = 512

_MONTHS = re.compile(r"(\d{4}-\d{2})(?:\.\.(\d{4}-\d{2}))?")


def import_online_retail(  # noqa: PLR0917 - typer reads the options off the signature
    path: Annotated[Path, typer.Argument(help="A folder of YYYY-MM.csv.gz files, or one file.")],
    months: Annotated[str | None, typer.Option(help="Only these, for instance 2010-12..2011-06.")] = None,
    write_address: Annotated[
        str, typer.Option(envvar="DIPTYCH_WRITE_ADDRESS", help="The write service.")
    ] = WRITE_ADDRESS,
    report: Annotated[Path, typer.Option(help="Where the lines that were not taken are listed.")] = Path(
        "online-retail-report.csv"
    ),
    streams: Annotated[int, typer.Option(min=1, max=32, help="Batch streams side by side.")] = STREAMS,
    in_flight: Annotated[
        int, typer.Option(min=1, max=10_000, help="Commands a stream may have unanswered.")
    ] = IN_FLIGHT,
) -> None:
    """Replay a retailer's months through the write service; running it again changes nothing."""
    console = Console()
    try:
        files = files_of(path, _bounds(months))
        with report.open("w", newline="", encoding="utf-8") as rows:
            replaying = replay(
                files,
                write_address=for_callers(write_address),
                rows=rows,
                progress=progress_view(console),
                streams=streams,
                in_flight=in_flight,
            )
            replayed = uvloop.run(replaying)
    except (FileNotUnderstood, SendingStopped, OSError) as error:
        _fail(str(error))
    except (KeyboardInterrupt, asyncio.CancelledError):
        _fail("stopped; run it again to go on from here", status=130)
    _conclude(console, replayed, report)


def _conclude(console: Console, replayed: Replayed, report: Path) -> None:
    print_summary(console, replayed)
    console.print(f"what was not taken is listed in {report}", highlight=False)
    if not replayed.report.is_complete:
        _fail("the lines taken and not taken are not the lines read")


def _bounds(months: str | None) -> tuple[str, str] | None:
    if months is None:
        return None
    matched = _MONTHS.fullmatch(months)
    if matched is None:
        raise typer.BadParameter(f"{months!r} is not like 2010-12 or 2010-12..2011-06", param_hint="--months")
    return matched[1], matched[2] or matched[1]


def _fail(message: str, *, status: int = 1) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(status)
