"""The reader takes what orders, write-offs and credit notes can hold, and says why it leaves the rest."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command_line.importing.files import FileNotUnderstood
from command_line.importing.online_retail.lines import Line, NotTaken, read_lines
from tests.specs.importing.files import row, write


def _only(path: Path) -> Line | NotTaken:
    (line,) = read_lines(path)
    return line


def _taken(path: Path) -> Line:
    line = _only(path)
    assert isinstance(line, Line)
    return line


def test_a_line_is_read_with_its_number_in_the_file(tmp_path: Path) -> None:
    assert list(read_lines(write(tmp_path, row(), row(invoice="C536379", quantity="-1", customer="")))) == [
        Line(
            number=2,
            invoice="536365",
            sku="85123A",
            description="T-LIGHT HOLDER",
            quantity=6,
            unit_price_cents=255,
            at_seconds=int(datetime(2010, 12, 1, 8, 26, tzinfo=UTC).timestamp()),
            customer_id="17850",
            region_code="GB",
        ),
        Line(
            number=3,
            invoice="C536379",
            sku="85123A",
            description="T-LIGHT HOLDER",
            quantity=-1,
            unit_price_cents=255,
            at_seconds=int(datetime(2010, 12, 1, 8, 26, tzinfo=UTC).timestamp()),
            customer_id="guest",
            region_code="GB",
        ),
    ]


def test_a_plain_and_a_packed_file_read_alike(tmp_path: Path) -> None:
    plain = write(tmp_path, row(), row(code="POST"))
    packed = tmp_path / "2010-12.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert list(read_lines(plain)) == list(read_lines(packed))


def test_local_times_of_summer_are_an_hour_ahead_of_utc(tmp_path: Path) -> None:
    line = _taken(write(tmp_path, row(at="2011-06-03 08:26:00")))
    assert datetime.fromtimestamp(line.at_seconds, UTC) == datetime(2011, 6, 3, 7, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "sku"),
    [("BANK CHARGES", "BANK-CHARGES"), (" 85123a ", "85123a"), ("gift_0001_20", "gift_0001_20")],
)
def test_a_stock_code_becomes_an_id(tmp_path: Path, code: str, sku: str) -> None:
    assert _taken(write(tmp_path, row(code=code))).sku == sku


@pytest.mark.parametrize(
    ("country", "code"),
    [("EIRE", "IE"), ("USA", "US"), ("Unspecified", ""), ("Atlantis", ""), ("France", "FR")],
)
def test_a_country_becomes_a_region_code(tmp_path: Path, country: str, code: str) -> None:
    assert _taken(write(tmp_path, row(country=country))).region_code == code


def test_a_price_of_zero_is_taken(tmp_path: Path) -> None:
    assert _taken(write(tmp_path, row(price="0.0"))).unit_price_cents == 0


def test_control_characters_leave_the_description(tmp_path: Path) -> None:
    assert _taken(write(tmp_path, row(description=" SET OF 3\tTINS\x00 "))).description == "SET OF 3TINS"


@pytest.mark.parametrize(
    ("unfit", "reason"),
    [
        (row(price="0.001"), "PRICE_NOT_IN_WHOLE_CENTS"),
        (row(price="-11062.06"), "NEGATIVE_PRICE"),
        (row(price="free"), "INVALID_PRICE"),
        (row(price="NaN"), "INVALID_PRICE"),
        (row(price="Infinity"), "INVALID_PRICE"),
        (row(price="1000000.01"), "PRICE_TOO_LARGE"),
        (row(invoice="A563186", price="11062.06"), "BAD_DEBT_ADJUSTMENT"),
        (row(invoice=""), "INVALID_INVOICE_NUMBER"),
        (row(invoice="536 365"), "INVALID_INVOICE_NUMBER"),
        (row(code=""), "INVALID_STOCK_CODE"),
        (row(code=" ? "), "INVALID_STOCK_CODE"),
        (row(code="x" * 129), "INVALID_STOCK_CODE"),
        (row(quantity="0"), "ZERO_QUANTITY"),
        (row(quantity="1.5"), "INVALID_QUANTITY"),
        (row(quantity="100000001"), "QUANTITY_TOO_LARGE"),
        (row(invoice="C536379", quantity="1"), "POSITIVE_QUANTITY_ON_CREDIT_NOTE"),
        (row(at="yesterday"), "INVALID_DATE"),
        (row(customer="no one"), "INVALID_CUSTOMER_ID"),
        (row()[:7], "WRONG_NUMBER_OF_COLUMNS"),
    ],
)
def test_what_can_not_be_taken_has_its_reason(tmp_path: Path, unfit: tuple[str, ...], reason: str) -> None:
    assert _only(write(tmp_path, unfit)) == NotTaken(number=2, invoice=unfit[0], reason=reason)


def test_another_kind_of_file_is_not_understood(tmp_path: Path) -> None:
    path = tmp_path / "2010-12.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(FileNotUnderstood, match=r"2010-12\.csv"):
        list(read_lines(path))


def test_a_cut_file_is_not_understood(tmp_path: Path) -> None:
    plain = write(tmp_path, *[row(invoice=str(number)) for number in range(2_000)])
    packed = tmp_path / "2010-12.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes())[:-2_000])
    with pytest.raises(FileNotUnderstood, match="line"):
        list(read_lines(packed))
