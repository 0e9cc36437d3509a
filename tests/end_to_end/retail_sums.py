"""Sums over the Online Retail files by csv and Decimal alone; shares no code with the importer it checks."""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

# Nothing goes back on a shelf when these are given back.
NO_GOODS = {"POST", "DOT", "C2", "D", "S", "M", "m", "B", "CRUK", "AMAZONFEE", "BANK CHARGES"}


@dataclass
class Day:
    """What was sold and given back on one day in UTC."""

    orders: int = 0
    units: int = 0
    gross_cents: int = 0
    credit_notes: int = 0
    credit_cents: int = 0


@dataclass
class CustomerSums:
    """What one customer bought and got back."""

    orders: int = 0
    spent_cents: int = 0
    credit_cents: int = 0


@dataclass
class RetailSums:
    """The numbers that an import must arrive at."""

    lines_read: int = 0
    lines_not_taken: int = 0
    days: dict[str, Day] = field(default_factory=dict)
    customers: dict[str, CustomerSums] = field(default_factory=dict)
    sold: Counter[str] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)
    written_off: Counter[str] = field(default_factory=Counter)
    order_cents: dict[str, int] = field(default_factory=dict)
    placed_at: dict[str, datetime] = field(default_factory=dict)


def sum_files(paths: Iterable[Path]) -> RetailSums:
    """Read the files and add up."""
    invoices: dict[str, list[dict[str, str]]] = {}
    sums = RetailSums()
    for path in paths:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
        for row in csv.DictReader(io.StringIO(text, newline="")):
            sums.lines_read += 1
            if _is_fit(row):
                invoices.setdefault(row["InvoiceNo"], []).append(row)
            else:
                sums.lines_not_taken += 1
    for number, rows in invoices.items():
        if number[0] == "C":
            _add_credit_note(sums, rows)
        else:
            _add_sale(sums, number, [row for row in rows if int(row["Quantity"]) > 0])
            for row in rows:
                if int(row["Quantity"]) < 0:
                    sums.written_off[_sku(row)] -= int(row["Quantity"])
    return sums


def _is_fit(row: dict[str, str]) -> bool:
    price = Decimal(row["UnitPrice"])
    in_cents = price.quantize(Decimal("0.01"))
    return price >= 0 and price == in_cents and row["StockCode"] != "" and int(row["Quantity"]) != 0


def _add_sale(sums: RetailSums, number: str, rows: list[dict[str, str]]) -> None:
    if not rows:
        return
    total = sum(_amount(row) for row in rows)
    sums.order_cents[number] = total
    sums.placed_at[number] = _earliest(rows)
    day = sums.days.setdefault(_earliest(rows).date().isoformat(), Day())
    day.orders += 1
    day.gross_cents += total
    customer = sums.customers.setdefault(_customer(rows[0]), CustomerSums())
    customer.orders += 1
    customer.spent_cents += total
    for row in rows:
        day.units += int(row["Quantity"])
        sums.sold[_sku(row)] += int(row["Quantity"])


def _add_credit_note(sums: RetailSums, rows: list[dict[str, str]]) -> None:
    total = -sum(_amount(row) for row in rows)
    day = sums.days.setdefault(_earliest(rows).date().isoformat(), Day())
    day.credit_notes += 1
    day.credit_cents += total
    sums.customers.setdefault(_customer(rows[0]), CustomerSums()).credit_cents += total
    for row in rows:
        if row["StockCode"] not in NO_GOODS:
            sums.returned[_sku(row)] -= int(row["Quantity"])


def _amount(row: dict[str, str]) -> int:
    amount = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"]) * 100
    assert amount == amount.to_integral_value()
    return int(amount)


def _earliest(rows: list[dict[str, str]]) -> datetime:
    first = min(row["InvoiceDate"] for row in rows)
    local = datetime.strptime(first, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo("Europe/London"))
    return local.astimezone(UTC)


def _sku(row: dict[str, str]) -> str:
    return row["StockCode"].replace(" ", "-")


def _customer(row: dict[str, str]) -> str:
    return row["CustomerID"].split(".")[0] or "guest"
