"""Accounts for every row of a tuition file, and for each bill and payment of those that were taken."""

from collections import Counter
from typing import TextIO

from command_line.importing.kinds import FamilyKind
from command_line.importing.planned import Command
from command_line.importing.report import Report
from command_line.importing.tuition.accounts import MONTHS, Account, NotTaken
from command_line.importing.tuition.schedule import entries_without_step

# A bill and a payment for each month.
ENTRIES_OF_AN_ACCOUNT = 2 * len(MONTHS)


class TuitionReport(Report):
    """A report whose entries are bills and payments."""

    subject = "account"

    def __init__(self, rows: TextIO) -> None:
        super().__init__(rows)
        self.accounts_read = 0
        self.accounts_not_taken: Counter[str] = Counter()

    def note_not_taken(self, row: NotTaken) -> None:
        """A row that the reader could not take."""
        self.accounts_read += 1
        self.accounts_not_taken[row.reason] += 1
        self.list_row(row.line, row.account, row.reason)

    def note_account(self, account: Account) -> None:
        """A row whose bills and payments are to be accounted for."""
        self.accounts_read += 1
        self.entries_read += ENTRIES_OF_AN_ACCOUNT
        for column, reason in entries_without_step(account):
            self.entries_not_taken[reason] += 1
            self.list_row(account.line, account.family_id, f"{column}: {reason}")

    def is_existing(self, command: Command, reason: str) -> bool:
        """The family is enrolled already."""
        return command.kind is FamilyKind.ENROLL and reason in {"FAMILY_ALREADY_ENROLLED", "FAMILY_WITHDRAWN"}
