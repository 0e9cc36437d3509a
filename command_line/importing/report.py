"""Accounts for every command that was sent and every entry of a file, and lists what was not taken."""

import csv
from collections import Counter
from dataclasses import dataclass
from typing import TextIO

from diptych.command.v1.command_pb2 import CommandReceipt

from command_line.importing.kinds import Kind
from command_line.importing.planned import Answer, Command
from command_line.importing.refusal import reason_of


@dataclass(slots=True)
class Outcomes:
    """What became of the commands of one kind."""

    accepted: int = 0
    replayed: int = 0
    existing: int = 0
    refused: int = 0
    # Commands on what was not made because its own command was refused.
    void: int = 0

    @property
    def answered(self) -> int:
        """All of them."""
        return self.accepted + self.replayed + self.existing + self.refused + self.void


class Report:
    """Counts as answers arrive; rows of what is not taken go to the file at once.

    A data set's own report says what its entries are and which refusals are none.
    """

    subject = "subject"

    def __init__(self, rows: TextIO) -> None:
        self._rows = csv.writer(rows, lineterminator="\n")
        self._rows.writerow(("file", "line", self.subject, "reason"))
        self._file = ""
        self.entries_read = 0
        self.entries_taken = 0
        self.entries_not_taken: Counter[str] = Counter()
        self.commands_refused: Counter[str] = Counter()
        self.outcomes: dict[Kind, Outcomes] = {}
        # The log's growth from the first to the last command that this run had accepted.
        self.first_position = 0
        self.last_receipt: CommandReceipt | None = None

    def begin_file(self, name: str) -> None:
        """What is noted from now on belongs to this file."""
        self._file = name

    def end_file(self) -> None:
        """All answers of the file are there."""

    def note_answer(self, command: Command, answer: Answer, is_repeat: bool = False) -> None:
        """A command was answered; `is_repeat` when it was sent more than once in this run."""
        outcomes = self.outcomes.setdefault(command.kind, Outcomes())
        outcome = str(answer.WhichOneof("outcome"))
        if outcome == "error":
            self._note_refusal(command, reason_of(answer.error), outcomes)
            return
        receipt: CommandReceipt = getattr(answer, outcome).receipt
        if receipt.replayed and not is_repeat:
            outcomes.replayed += 1
        else:
            outcomes.accepted += 1
            if not self.first_position or receipt.position < self.first_position:
                self.first_position = receipt.position
        if self.last_receipt is None or receipt.position > self.last_receipt.position:
            self.last_receipt = receipt
        self.entries_taken += len(command.entries)
        self.note_taken(command)

    def note_taken(self, command: Command) -> None:
        """The command was accepted, now or before."""

    def is_existing(self, command: Command, reason: str) -> bool:  # noqa: ARG002 - for the data sets' own
        """All that was wanted of a refused command is there already."""
        return False

    def is_void(self, command: Command) -> bool:  # noqa: ARG002 - for the data sets' own
        """The refused command needs what another refused command would have made."""
        return False

    @property
    def is_complete(self) -> bool:
        """Every entry that was read was either taken or is listed."""
        return self.entries_read == self.entries_taken + self.entries_not_taken.total()

    @property
    def answered(self) -> int:
        """The number of commands answered."""
        return sum(outcomes.answered for outcomes in self.outcomes.values())

    @property
    def events(self) -> int:
        """Events that the log gained meanwhile, other writers' among them; 0 when nothing was accepted."""
        if not self.first_position or self.last_receipt is None:
            return 0
        return self.last_receipt.position - self.first_position + 1

    def list_row(self, line: int | None, subject: str, reason: str) -> None:
        """A row of the file of what was not taken."""
        self._rows.writerow((self._file, "" if line is None else line, subject, reason))

    def _note_refusal(self, command: Command, reason: str, outcomes: Outcomes) -> None:
        if self.is_existing(command, reason):
            outcomes.existing += 1
            return
        if self.is_void(command):
            outcomes.void += 1
            return
        outcomes.refused += 1
        for line in command.entries:
            self.list_row(line, command.subject, reason)
            self.entries_not_taken[reason] += 1
        if not command.entries:
            self.list_row(None, command.subject, f"{command.kind}: {reason}")
            self.commands_refused[f"{command.kind}: {reason}"] += 1
