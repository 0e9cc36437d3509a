"""Accounts for every line and every command of an import, and lists what was not taken."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import TextIO

from diptych.command.v1.command_pb2 import CommandReceipt
from diptych.orders.v1 import order_command_service_pb2 as commands

from command_line.importing.online_retail import NotTaken
from command_line.importing.planned import Command, Kind
from command_line.importing.refusal import reason_of
from command_line.importing.survey import Survey

COLUMNS = ("file", "line", "invoice", "reason")

_REGISTRATIONS = frozenset({Kind.CUSTOMER, Kind.PRODUCT})
# Another import, or another hand, has registered it before: that is all that was wanted.
_REGISTERED_BEFORE = frozenset({"CUSTOMER_EXISTS", "PRODUCT_EXISTS", "COMMAND_ID_REUSED"})
_NEEDS_ITS_ORDER = frozenset({Kind.APPROVE, Kind.SHIP, Kind.DELIVER})


@dataclass(slots=True)
class Outcomes:
    """What became of the commands of one kind."""

    accepted: int = 0
    replayed: int = 0
    existing: int = 0
    refused: int = 0
    # Commands on an order that was not placed.
    void: int = 0

    @property
    def answered(self) -> int:
        """All of them."""
        return self.accepted + self.replayed + self.existing + self.refused + self.void


@dataclass(slots=True)
class _FileAccount:
    name: str
    invoices: set[str] = field(default_factory=set)
    invoices_taken: set[str] = field(default_factory=set)
    orders_refused: set[str] = field(default_factory=set)


class Report:
    """Counts as answers arrive; rows of what is not taken go to the file at once."""

    def __init__(self, rows: TextIO) -> None:
        self._rows = csv.writer(rows, lineterminator="\n")
        self._rows.writerow(COLUMNS)
        self._file = _FileAccount("")
        self.lines_read = 0
        self.lines_taken = 0
        self.lines_not_taken: Counter[str] = Counter()
        self.commands_refused: Counter[str] = Counter()
        self.invoices_read = 0
        self.invoices_lost = 0
        self.outcomes: dict[Kind, Outcomes] = {}
        # The log's growth from the first to the last command that this run had accepted.
        self.first_position = 0
        self.last_receipt: CommandReceipt | None = None

    def begin_file(self, name: str) -> None:
        """What is noted from now on belongs to this file."""
        self._file = _FileAccount(name)

    def note_not_taken(self, line: NotTaken) -> None:
        """A line that the reader could not take."""
        self._file.invoices.add(line.invoice)
        self._list(line.number, line.invoice, line.reason)
        self.lines_not_taken[line.reason] += 1

    def note_survey(self, survey: Survey) -> None:
        """The file was read once; its lines are to be accounted for."""
        self.lines_read += survey.lines_read
        self._file.invoices.update(survey.lines_by_invoice)

    def note_answer(
        self, command: Command, answer: commands.ExecuteBatchResponse, is_repeat: bool = False
    ) -> None:
        """A command was answered; `is_repeat` when it was sent more than once in this run."""
        outcomes = self.outcomes.setdefault(command.kind, Outcomes())
        if answer.WhichOneof("outcome") == "error":
            self._note_refusal(command, reason_of(answer.error), outcomes)
            return
        receipt: CommandReceipt = getattr(answer, str(answer.WhichOneof("outcome"))).receipt
        if receipt.replayed and not is_repeat:
            outcomes.replayed += 1
        else:
            outcomes.accepted += 1
            if not self.first_position or receipt.position < self.first_position:
                self.first_position = receipt.position
        if self.last_receipt is None or receipt.position > self.last_receipt.position:
            self.last_receipt = receipt
        if command.lines:
            self.lines_taken += len(command.lines)
            self._file.invoices_taken.add(command.subject)

    def end_file(self) -> None:
        """All answers of the file are there."""
        self.invoices_read += len(self._file.invoices)
        self.invoices_lost += len(self._file.invoices - self._file.invoices_taken)
        self._file = _FileAccount("")

    @property
    def is_complete(self) -> bool:
        """Every line that was read was either taken or is listed."""
        return self.lines_read == self.lines_taken + self.lines_not_taken.total()

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

    def _note_refusal(self, command: Command, reason: str, outcomes: Outcomes) -> None:
        if command.kind in _REGISTRATIONS and reason in _REGISTERED_BEFORE:
            outcomes.existing += 1
            return
        if command.kind in _NEEDS_ITS_ORDER and command.subject in self._file.orders_refused:
            outcomes.void += 1
            return
        outcomes.refused += 1
        if command.kind is Kind.PLACE:
            self._file.orders_refused.add(command.subject)
        for number in command.lines:
            self._list(number, command.subject, reason)
            self.lines_not_taken[reason] += 1
        if not command.lines:
            self._list(None, command.subject, f"{command.kind}: {reason}")
            self.commands_refused[f"{command.kind}: {reason}"] += 1

    def _list(self, number: int | None, invoice: str, reason: str) -> None:
        self._rows.writerow((self._file.name, "" if number is None else number, invoice, reason))
