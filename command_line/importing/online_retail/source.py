"""The months of the Online Retail data set as a source of commands."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from command_line.importing.batches import OpenBatch, orders_batch
from command_line.importing.files import FileNotUnderstood
from command_line.importing.online_retail.plan import Registered, phases
from command_line.importing.online_retail.report import RetailReport
from command_line.importing.online_retail.survey import survey
from command_line.importing.planned import Phase


class OnlineRetail:
    """Files in the order given; what is not taken is listed in `rows`."""

    def __init__(self, files: Sequence[Path], rows: TextIO) -> None:
        self._files = files
        self.open_batch: OpenBatch = orders_batch
        self.report = RetailReport(rows)

    def phases(self) -> Iterator[Phase]:
        """All phases of one file, then those of the next. Raises FileNotUnderstood."""
        registered = Registered()
        for file in self._files:
            self.report.begin_file(file.name)
            found = survey(file, self.report.note_not_taken)
            self.report.note_survey(found)
            yield from phases(found, registered)
            self.report.end_file()


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
