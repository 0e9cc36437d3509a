"""The terminal command that generates families."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from command_line.generating.source import GeneratedFamilies
from command_line.importing.summary import print_summary
from command_line.importing.terminal import (
    IN_FLIGHT,
    WRITE_ADDRESS,
    InFlight,
    Streams,
    WriteAddress,
    fail,
    run,
)

STREAMS = 4


def generate_families(  # noqa: PLR0917 - typer reads the options off the signature
    count: Annotated[int, typer.Option(min=1, max=9_999_999, help="How many families.")],
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Another seed makes other families.")] = 1,
    until: Annotated[
        str | None,
        typer.Option(help="The last day of their histories, YYYY-MM-DD; today in UTC if left out."),
    ] = None,
    write_address: WriteAddress = WRITE_ADDRESS,
    report: Annotated[
        Path | None, typer.Option(help="Where refused commands are listed; nowhere if left out.")
    ] = None,
    streams: Streams = STREAMS,
    in_flight: InFlight = IN_FLIGHT,
) -> None:
    """Send made-up families with half a year of history; the same seed and day make the same families."""
    console, last_day = Console(), _last_day(until)
    try:
        with (report or Path(os.devnull)).open("w", newline="", encoding="utf-8") as rows:
            source = GeneratedFamilies(count, seed=seed, until=last_day, rows=rows)
            replayed = run(source, console, write_address=write_address, streams=streams, in_flight=in_flight)
    except OSError as error:
        fail(str(error))
    print_summary(console, replayed)
    console.print(
        f"the same families again, or more of them: diptych generate families --count {count} "
        f"--seed {seed} --until {last_day}",
        highlight=False,
        soft_wrap=True,
    )


def _last_day(text: str | None) -> date:
    today = datetime.now(UTC).date()
    if text is None:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day YYYY-MM-DD", param_hint="--until") from error
    if not date(1930, 1, 1) <= day <= today:
        raise typer.BadParameter(f"{day} is not a day from 1930 to today", param_hint="--until")
    return day
