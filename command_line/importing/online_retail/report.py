"""Accounts for every invoice line, and for invoices of which no line was taken."""

from dataclasses import dataclass, field
from typing import TextIO

from command_line.importing.kinds import OrderKind
from command_line.importing.online_retail.lines import NotTaken
from command_line.importing.online_retail.survey import Survey
from command_line.importing.planned import Command
from command_line.importing.report import Report

_REGISTRATIONS = frozenset({OrderKind.CUSTOMER, OrderKind.PRODUCT})
# Another import, or another hand, has registered it before: that is all that was wanted.
_REGISTERED_BEFORE = frozenset({"CUSTOMER_EXISTS", "PRODUCT_EXISTS", "COMMAND_ID_REUSED"})
_NEEDS_ITS_ORDER = frozenset({OrderKind.APPROVE, OrderKind.SHIP, OrderKind.DELIVER})


@dataclass(slots=True)
class _FileAccount:
    invoices: set[str] = field(default_factory=set)
    invoices_taken: set[str] = field(default_factory=set)
    orders_refused: set[str] = field(default_factory=set)


class RetailReport(Report):
    """A report whose entries are invoice lines."""

    subject = "invoice"

    def __init__(self, rows: TextIO) -> None:
        super().__init__(rows)
        self._account = _FileAccount()
        self.invoices_read = 0
        self.invoices_lost = 0

    def begin_file(self, name: str) -> None:
        """What is noted from now on belongs to this file."""
        super().begin_file(name)
        self._account = _FileAccount()

    def note_not_taken(self, line: NotTaken) -> None:
        """A line that the reader could not take."""
        self._account.invoices.add(line.invoice)
        self.list_row(line.number, line.invoice, line.reason)
        self.entries_not_taken[line.reason] += 1

    def note_survey(self, survey: Survey) -> None:
        """The file was read once; its lines are to be accounted for."""
        self.entries_read += survey.lines_read
        self._account.invoices.update(survey.lines_by_invoice)

    def note_taken(self, command: Command) -> None:
        """The command was accepted, now or before."""
        if command.entries:
            self._account.invoices_taken.add(command.subject)

    def end_file(self) -> None:
        """All answers of the file are there."""
        self.invoices_read += len(self._account.invoices)
        self.invoices_lost += len(self._account.invoices - self._account.invoices_taken)
        self._account = _FileAccount()

    def is_existing(self, command: Command, reason: str) -> bool:
        """The customer or the product is registered already."""
        return command.kind in _REGISTRATIONS and reason in _REGISTERED_BEFORE

    def is_void(self, command: Command) -> bool:
        """The command is about an order that was refused."""
        if command.kind is OrderKind.PLACE:
            self._account.orders_refused.add(command.subject)
        return command.kind in _NEEDS_ITS_ORDER and command.subject in self._account.orders_refused
