"""The reader takes accounts whose values make sense, and says why it leaves the rest."""

import gzip
from pathlib import Path

import pytest

from command_line.importing.files import FileNotUnderstood
from command_line.importing.tuition.accounts import Account, Month, NotTaken, read_accounts
from tests.specs.importing.tuition_files import row, write


def test_an_account_is_read_oldest_month_first(tmp_path: Path) -> None:
    changes = {"PAY_2005_05": "2", "BILL_2005_05": "1.00E+05", "PAID_2005_09": "12.5", "BILL_2005_09": "-3"}
    (account,) = read_accounts(write(tmp_path, row("7", **changes)))
    assert isinstance(account, Account)
    assert (account.line, account.number, account.family_id) == (2, 7, "account-00007")
    assert [month.month for month in account.months] == [f"2005-0{number}" for number in range(4, 10)]
    assert account.months[1] == Month(month="2005-05", payment_status=2, bill_cents=10_000_000, paid_cents=0)
    assert (account.months[5].bill_cents, account.months[5].paid_cents) == (-300, 1250)


def test_a_plain_and_a_packed_file_read_alike(tmp_path: Path) -> None:
    plain = write(tmp_path, row(), row("2"))
    packed = tmp_path / "accounts.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert list(read_accounts(plain)) == list(read_accounts(packed))


@pytest.mark.parametrize(
    ("unfit", "reason"),
    [
        (row()[:20], "WRONG_NUMBER_OF_COLUMNS"),
        ([*row(), ""], "WRONG_NUMBER_OF_COLUMNS"),
        ([], "WRONG_NUMBER_OF_COLUMNS"),
        (row(""), "INVALID_ID"),
        (row("-4"), "INVALID_ID"),
        (row("../x"), "INVALID_ID"),
        (row("1"), "DUPLICATE_ID"),
        (row("0001"), "DUPLICATE_ID"),
        (row("2", BILL_2005_04="much"), "NOT_A_NUMBER"),
        (row("2", BILL_2005_04=""), "NOT_A_NUMBER"),
        (row("2", PAID_2005_04="NaN"), "NOT_A_NUMBER"),
        (row("2", PAID_2005_04="-Infinity"), "NOT_A_NUMBER"),
        (row("2", PAID_2005_04="1E+999999999"), "AMOUNT_TOO_LARGE"),
        (row("2", PAID_2005_04="100000001"), "AMOUNT_TOO_LARGE"),
        (row("2", PAID_2005_04="0.001"), "AMOUNT_NOT_IN_WHOLE_CENTS"),
        (row("2", PAID_2005_04="1E-999999999"), "AMOUNT_NOT_IN_WHOLE_CENTS"),
        (row("2", PAID_2005_04="9" * 40), "AMOUNT_TOO_LARGE"),
        (row("2", PAY_2005_04="x"), "NOT_A_NUMBER"),
        (row("2", PAY_2005_04="1.5"), "INVALID_PAYMENT_STATUS"),
        (row("2", PAY_2005_04="-3"), "INVALID_PAYMENT_STATUS"),
        (row("2", PAY_2005_04="61"), "INVALID_PAYMENT_STATUS"),
    ],
)
def test_what_can_not_be_taken_has_its_line_and_reason(tmp_path: Path, unfit: list[str], reason: str) -> None:
    path = tmp_path / "accounts.csv"
    write(tmp_path, row("1"), unfit, row("3"))
    first, refused, last = read_accounts(path)
    assert isinstance(first, Account)
    assert refused == NotTaken(line=3, account=unfit[0] if unfit else "", reason=reason)
    assert isinstance(last, Account)
    assert last.line == 4


def test_another_kind_of_file_is_not_understood(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("ID,BILL\n1,2\n")
    with pytest.raises(FileNotUnderstood, match=r"accounts\.csv"):
        list(read_accounts(path))


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x00", b"not gzip"])
def test_what_is_no_text_is_not_understood(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "accounts.csv.gz"
    path.write_bytes(content)
    with pytest.raises(FileNotUnderstood):
        list(read_accounts(path))


def test_a_cut_file_is_not_understood(tmp_path: Path) -> None:
    plain = write(tmp_path, *[row(str(number)) for number in range(3_000)])
    packed = tmp_path / "accounts.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes())[:-2_000])
    with pytest.raises(FileNotUnderstood, match="line"):
        list(read_accounts(packed))
