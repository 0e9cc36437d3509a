"""Replays files through the write service, phase by phase, and accounts for them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from diptych.orders.v1 import order_command_service_pb2 as commands

from command_line.importing.online_retail import FileNotUnderstood
from command_line.importing.plan import Registered, phases
from command_line.importing.planned import Command
from command_line.importing.progress import ProgressView
from command_line.importing.report import Report
from command_line.importing.sender import Sender
from command_line.importing.survey import survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A finished import."""

    report: Report
    seconds: float


def files_of(path: Path, months: tuple[str, str] | None = None) -> list[Path]:
    """The files to import, oldest first; months are "2010-12" and the like, both ends included.

    Raises FileNotUnderstood when there are none.
    """
    if path.is_dir():
        files = sorted(entry for entry in path.iterdir() if entry.name.endswith((".csv", ".csv.gz")))
    else:
        files = [path] if path.is_file() else []
    if months is not None:
        files = [file for file in files if months[0] <= file.name[:7] <= months[1]]
    if not files:
        raise FileNotUnderstood(f"{path} has no files YYYY-MM.csv.gz to import")
    return files


async def replay(
    files: Sequence[Path],
    *,
    write_address: str,
    rows: TextIO,
    progress: ProgressView,
    streams: int,
    in_flight: int,
) -> Replayed:
    """Import the files in order; what is not taken is listed in `rows`. Raises SendingStopped."""
    report, registered, began = Report(rows), Registered(), time.monotonic()

    def answered(command: Command, answer: commands.ExecuteBatchResponse, is_repeat: bool) -> None:
        report.note_answer(command, answer, is_repeat)
        progress.advance()

    async with Sender(write_address, answered, streams=streams, in_flight=in_flight) as sender:
        with progress:
            for file in files:
                await _replay_file(file, report, registered, sender, progress)
    return Replayed(report=report, seconds=time.monotonic() - began)


async def _replay_file(
    file: Path, report: Report, registered: Registered, sender: Sender, progress: ProgressView
) -> None:
    report.begin_file(file.name)
    found = survey(file, report.note_not_taken)
    report.note_survey(found)
    for phase in phases(found, registered):
        if phase.size:
            progress.begin(f"{found.label} {phase.name}", phase.size)
            await sender.send(phase.groups)
            progress.end()
    report.end_file()
