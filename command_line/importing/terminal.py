"""What the terminal commands that send have in common: options, and how a run ends."""

import asyncio
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
import uvloop
from rich.console import Console

from command_line.importing.files import FileNotUnderstood
from command_line.importing.progress import progress_view
from command_line.importing.replay import Replayed, Source, replay
from command_line.importing.report import Report
from command_line.importing.sender import SendingStopped
from local_stack.addresses import for_callers

WRITE_ADDRESS = "127.0.0.1:50051"
IN_FLIGHT = 512

WriteAddress = Annotated[str, typer.Option(envvar="DIPTYCH_WRITE_ADDRESS", help="The write service.")]
ReportFile = Annotated[Path, typer.Option(help="Where what was not taken is listed.")]
Streams = Annotated[int, typer.Option(min=1, max=32, help="Batch streams side by side.")]
InFlight = Annotated[int, typer.Option(min=1, max=10_000, help="Commands a stream may have unanswered.")]

R = TypeVar("R", bound=Report)


def run(
    source: Source[R], console: Console, *, write_address: str, streams: int, in_flight: int
) -> Replayed[R]:
    """Send all of a source; what a person can mend is one line and an exit code."""
    try:
        return uvloop.run(
            replay(
                source,
                write_address=for_callers(write_address),
                progress=progress_view(console),
                streams=streams,
                in_flight=in_flight,
            )
        )
    except (FileNotUnderstood, SendingStopped, OSError) as error:
        fail(str(error))
    except (KeyboardInterrupt, asyncio.CancelledError):
        fail("stopped; run it again to go on from here", status=130)


def fail(message: str, *, status: int = 1) -> NoReturn:
    """End the command with one line."""
    typer.echo(message, err=True)
    raise typer.Exit(status)
