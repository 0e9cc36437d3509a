"""Runs of the importer for tests: within the test's process, or as another one that can be killed."""

import csv
import gzip
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import grpc
from diptych.eventlog.v1 import event_log_service_pb2 as log
from diptych.eventlog.v1 import event_log_service_pb2_grpc as stubs
from rich.console import Console

from command_line.importing.online_retail.report import RetailReport
from command_line.importing.online_retail.source import OnlineRetail
from command_line.importing.progress import PlainLines
from command_line.importing.replay import Replayed, replay

SAMPLE = Path("command_line/sample/online-retail/2011-06-03.csv.gz")
WHOLE = Path("../shared/data/online-retail")


class WatchedProgress(PlainLines):
    """Calls `on_answer` with the phase and the number of its answers so far."""

    def __init__(self, on_answer: Callable[[str, int], None]) -> None:
        super().__init__(Console(file=io.StringIO()))
        self._on_answer = on_answer

    def advance(self) -> None:
        super().advance()
        self._on_answer(self._name, self._count)


async def run(
    write_address: str,
    *files: Path,
    on_answer: Callable[[str, int], None] = lambda _phase, _count: None,
    in_flight: int = 512,
    streams: int = 1,
) -> Replayed[RetailReport]:
    """Import the files; the report's rows are thrown away."""
    return await replay(
        OnlineRetail(files, io.StringIO()),
        write_address=write_address,
        progress=WatchedProgress(on_answer),
        streams=streams,
        in_flight=in_flight,
    )


# The command itself, which looks now and then how far the log is, so that its end does not come first.
_KILLED_AT_POSITION = """
import itertools, os, signal, sys
from command_line.app import main
from command_line.importing.progress import PlainLines
from tests.end_to_end.retail_runs import head

position, write_address = int(sys.argv.pop(1)), sys.argv.pop(1)
advance, answers = PlainLines.advance, itertools.count(1)

def advance_or_end(view):
    advance(view)
    if next(answers) % 5 == 0 and head(write_address) >= position:
        os.kill(os.getpid(), signal.SIGKILL)

PlainLines.advance = advance_or_end
main()
"""


def run_until(
    position: int, write_address: str, file: Path, report: Path, source: str = "online-retail"
) -> None:
    """Import in another process, which is killed when the log has reached a position."""
    killed = [sys.executable, "-c", _KILLED_AT_POSITION, str(position), write_address]
    command = ["import", source, str(file)]
    options = ["--write-address", write_address, "--report", str(report), "--in-flight", "4"]
    path = os.pathsep.join(filter(None, sys.path))
    ended = subprocess.run(
        [*killed, *command, *options],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL


def head(write_address: str) -> int:
    """The newest position of the log."""
    with grpc.insecure_channel(write_address) as channel:
        pages = stubs.EventLogServiceStub(channel).ReadAll(log.ReadAllRequest(limit=1))
        return max((page.head for page in pages), default=0)


def cut_day(month: Path, day: str, into: Path) -> Path:
    """A file with the lines of one day of a month."""
    with gzip.open(month, "rt", encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    cut = into / f"{day}.csv"
    with cut.open("w", encoding="utf-8", newline="") as text_of_day:
        writer = csv.DictWriter(text_of_day, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if row["InvoiceDate"].startswith(day))
    return cut
