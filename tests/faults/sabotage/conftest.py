"""The stores that trials share, one after the other, and the table of what they showed."""

import pytest

from tests.faults.sabotage.showing import shown
from tests.postgres_server import log_database, postgres_server
from tests.valkey_server import valkey

__all__ = ["log_database", "postgres_server", "valkey"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the guards that were tried."""
    lines = shown()
    if lines:
        terminalreporter.section("guards, each cut out and each in place")
        for line in lines:
            terminalreporter.write_line(line)
