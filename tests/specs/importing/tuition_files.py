"""Files in the form of the tuition accounts, made row by row."""

import csv
from collections.abc import Sequence
from pathlib import Path

from command_line.importing.tuition.accounts import COLUMNS


def row(number: str = "1", **changes: str) -> list[str]:
    """An account that was never billed and never paid, but for the columns given."""
    values = dict.fromkeys(COLUMNS, "0") | {"ID": number, "LIMIT_BAL": "20000"} | changes
    return [values[column] for column in COLUMNS]


def write(directory: Path, *rows: Sequence[str], name: str = "accounts.csv") -> Path:
    """A file with the columns' names and these rows."""
    path = directory / name
    with path.open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows([COLUMNS, *rows])
    return path
