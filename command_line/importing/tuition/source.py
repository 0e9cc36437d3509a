"""A file of tuition accounts as a source of commands."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from command_line.importing.batches import OpenBatch, families_batch
from command_line.importing.files import FileNotUnderstood, label_of
from command_line.importing.planned import Command, Phase
from command_line.importing.tuition.accounts import NotTaken, read_accounts
from command_line.importing.tuition.report import TuitionReport
from command_line.importing.tuition.requests import account_commands
from command_line.importing.tuition.schedule import schedule


class TuitionAccounts:
    """One file; what is not taken is listed in `rows`. Raises FileNotUnderstood when there is none."""

    def __init__(self, file: Path, rows: TextIO) -> None:
        if not file.is_file():
            raise FileNotUnderstood(f"{file} is not a file of accounts, .csv or .csv.gz")
        self._file = file
        self.open_batch: OpenBatch = families_batch
        self.report = TuitionReport(rows)

    def phases(self) -> Iterator[Phase]:
        """One phase, a family a group. The file is read twice: the first time tells how much there is."""
        self.report.begin_file(self._file.name)
        yield Phase(name=f"{label_of(self._file)} accounts", size=self._survey(), groups=self._groups())
        self.report.end_file()

    def _survey(self) -> int:
        size = 0
        for row in read_accounts(self._file):
            if isinstance(row, NotTaken):
                self.report.note_not_taken(row)
            else:
                self.report.note_account(row)
                size += len(schedule(row))
        return size

    def _groups(self) -> Iterator[Sequence[Command]]:
        for row in read_accounts(self._file):
            if not isinstance(row, NotTaken):
                yield account_commands(row)
