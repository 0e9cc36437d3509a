"""Files in the form of the Online Retail data set, made line by line."""

import csv
from collections.abc import Sequence
from pathlib import Path

from command_line.importing.online_retail.lines import COLUMNS


def row(  # noqa: PLR0917 - the columns of the file
    invoice: str = "536365",
    code: str = "85123A",
    description: str = "T-LIGHT HOLDER",
    quantity: str = "6",
    at: str = "2010-12-01 08:26:00",
    price: str = "2.55",
    customer: str = "17850.0",
    country: str = "United Kingdom",
) -> tuple[str, ...]:
    """An ordinary line, but for what is given."""
    return (invoice, code, description, quantity, at, price, customer, country)


def write(directory: Path, *rows: Sequence[str], name: str = "2010-12.csv") -> Path:
    """A file with the columns' names and these lines."""
    path = directory / name
    with path.open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows([COLUMNS, *rows])
    return path
