"""Reads the invoice lines of the Online Retail files: what can be taken, and why the rest can't."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from command_line.importing.files import csv_rows
from command_line.importing.online_retail.countries import region_code

GUEST = "guest"
COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)

_LONDON = ZoneInfo("Europe/London")
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9._-]")
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MOST_UNITS = 100_000_000
_MOST_CENTS = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One invoice line that can be taken; `number` is its line in the file, the header being line 1."""

    number: int
    invoice: str
    sku: str
    description: str
    quantity: int
    unit_price_cents: int
    at_seconds: int
    customer_id: str
    region_code: str

    @property
    def is_credit(self) -> bool:
        """The line belongs to a credit note."""
        return is_credit(self.invoice)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """One invoice line that can't be taken, with the reason in UPPER_SNAKE."""

    number: int
    invoice: str
    reason: str


class _Unfit(Exception):
    """A value of the line can't be taken; its only argument is the reason."""


def is_credit(invoice: str) -> bool:
    """An invoice whose number begins with C gives money back."""
    return invoice.startswith("C")


def read_lines(path: Path, *, wanted: Callable[[str], bool] | None = None) -> Iterator[Line | NotTaken]:
    """Stream the lines of one file, plain or gzip'd; `wanted` keeps invoices by their number.

    Raises FileNotUnderstood when the columns are others, or the file is cut.
    """
    for number, values in csv_rows(path, COLUMNS):
        if wanted is None or (values and wanted(values[0].strip())):
            yield _line(number, values)


def _line(number: int, values: list[str]) -> Line | NotTaken:
    invoice = values[0].strip() if values else ""
    if len(values) != len(COLUMNS):
        return NotTaken(number=number, invoice=invoice, reason="WRONG_NUMBER_OF_COLUMNS")
    try:
        _, code, description, quantity, at, price, customer, country = values
        return Line(
            number=number,
            invoice=_invoice(invoice),
            sku=_sku(code),
            description=_printable(description),
            quantity=_quantity(quantity, is_credit(invoice)),
            unit_price_cents=_cents(price),
            at_seconds=_utc_seconds(at),
            customer_id=_customer_id(customer),
            region_code=region_code(country),
        )
    except _Unfit as unfit:
        return NotTaken(number=number, invoice=invoice, reason=str(unfit))


def _invoice(number: str) -> str:
    if number.startswith("A"):
        raise _Unfit("BAD_DEBT_ADJUSTMENT")
    if not _ID.fullmatch(number):
        raise _Unfit("INVALID_INVOICE_NUMBER")
    return number


@lru_cache(maxsize=8192)
def _sku(code: str) -> str:
    sku = _NOT_IN_IDS.sub("-", code.strip())
    if not _ID.fullmatch(sku) or not sku.strip("-"):
        raise _Unfit("INVALID_STOCK_CODE")
    return sku


def _quantity(text: str, credits_money: bool) -> int:
    try:
        quantity = int(text)
    except ValueError as error:
        raise _Unfit("INVALID_QUANTITY") from error
    if quantity == 0:
        raise _Unfit("ZERO_QUANTITY")
    if credits_money and quantity > 0:
        raise _Unfit("POSITIVE_QUANTITY_ON_CREDIT_NOTE")
    if abs(quantity) > _MOST_UNITS:
        raise _Unfit("QUANTITY_TOO_LARGE")
    return quantity


@lru_cache(maxsize=4096)
def _cents(text: str) -> int:
    try:
        cents = Decimal(text) * 100
        whole = int(cents)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise _Unfit("INVALID_PRICE") from error
    if cents < 0:
        raise _Unfit("NEGATIVE_PRICE")
    if whole != cents:
        raise _Unfit("PRICE_NOT_IN_WHOLE_CENTS")
    if whole > _MOST_CENTS:
        raise _Unfit("PRICE_TOO_LARGE")
    return whole


@lru_cache(maxsize=64)
def _utc_seconds(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=_LONDON).timestamp())
    except ValueError as error:
        raise _Unfit("INVALID_DATE") from error


@lru_cache(maxsize=8192)
def _customer_id(text: str) -> str:
    # The data set was once a spreadsheet, so the numbers are written as floats: "17850.0".
    identity = text.strip().removesuffix(".0")
    if not identity:
        return GUEST
    if not _ID.fullmatch(identity):
        raise _Unfit("INVALID_CUSTOMER_ID")
    return identity


def _printable(text: str) -> str:
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text.strip()[:200]
