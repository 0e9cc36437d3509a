"""Generated families as a source of commands."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TextIO

from command_line.generating.families import family_commands
from command_line.importing.batches import OpenBatch, families_batch
from command_line.importing.kinds import FamilyKind
from command_line.importing.planned import Command, Phase
from command_line.importing.report import Report


class FamilyReport(Report):
    """A report without entries: there is no file."""

    subject = "family"


class GeneratedFamilies:
    """Families 1 to `count`, made when they are sent; refused commands are listed in `rows`."""

    def __init__(self, count: int, *, seed: int, until: date, rows: TextIO) -> None:
        self._count = count
        self._seed = seed
        self._until = until
        self.open_batch: OpenBatch = families_batch
        self.report = FamilyReport(rows)

    def phases(self) -> Iterator[Phase]:
        """One phase, a family a group."""
        yield Phase(
            name="generated",
            size=self._count,
            groups=self._groups(),
            unit="families",
            is_counted=lambda command: command.kind is FamilyKind.ENROLL,
        )

    def _groups(self) -> Iterator[Sequence[Command]]:
        for number in range(1, self._count + 1):
            yield family_commands(number, seed=self._seed, until=self._until)
