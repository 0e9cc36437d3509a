"""Real tuition accounts come through three processes to the cent, whatever breaks on the way."""

import asyncio
import gzip
import io
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from diptych.command.v1.command_pb2 import CommandContext
from diptych.consistency.v1.consistency_pb2 import ConsistencyToken

from command_line.importing import family_script
from command_line.importing.kinds import FamilyKind
from command_line.importing.replay import Replayed, replay
from command_line.importing.tuition.report import TuitionReport
from command_line.importing.tuition.source import TuitionAccounts
from tests.end_to_end.retail_runs import WatchedProgress, head, run_until
from tests.end_to_end.tuition_answers import differences
from tests.end_to_end.tuition_sums import sum_file
from tests.stack import Stack

SAMPLE = Path("command_line/sample/tuition/accounts-00001-00200.csv.gz")
WHOLE = Path("../shared/data/tuition-payments/accounts-00001-20000.csv.gz")
# What the sample makes.
COMMANDS = 2_350


@pytest.fixture
def empty_stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack whose log is empty, so that its sums are those of the import alone."""
    stack = Stack(tmp_path / "stack")
    try:
        yield stack.start()
    finally:
        stack.stop()


async def _run(
    write_address: str,
    file: Path,
    *,
    on_answer: Callable[[str, int], None] = lambda _phase, _count: None,
    in_flight: int = 512,
    streams: int = 4,
) -> Replayed[TuitionReport]:
    return await replay(
        TuitionAccounts(file, io.StringIO()),
        write_address=write_address,
        progress=WatchedProgress(on_answer),
        streams=streams,
        in_flight=in_flight,
    )


def _token(replayed: Replayed[TuitionReport]) -> ConsistencyToken:
    assert replayed.report.last_receipt is not None
    return replayed.report.last_receipt.token


async def test_accounts_are_imported_to_the_cent_and_only_once(empty_stack: Stack, tmp_path: Path) -> None:
    write_address = empty_stack.write_address
    run_until(600, write_address, SAMPLE, tmp_path / "report.csv", "tuition")
    assert 600 <= head(write_address) < 1_500

    resumed = await _run(write_address, SAMPLE)
    accounts = sum_file(SAMPLE)
    assert (resumed.report.accounts_read, resumed.report.answered) == (200, COMMANDS)
    assert resumed.report.is_complete
    assert resumed.report.outcomes[FamilyKind.INVOICE].replayed > 0
    assert resumed.report.outcomes[FamilyKind.INVOICE].accepted > 0
    assert resumed.report.commands_refused.total() == 0
    assert differences(empty_stack.read_address, _token(resumed), accounts) == []

    again = await _run(write_address, SAMPLE, streams=3)
    assert head(write_address) == COMMANDS
    assert sum(outcomes.replayed for outcomes in again.report.outcomes.values()) == COMMANDS
    assert again.report.events == 0
    assert differences(empty_stack.read_address, _token(again), accounts) == []

    _the_comparison_finds_a_cent(empty_stack, _token(again))


def _the_comparison_finds_a_cent(stack: Stack, token: ConsistencyToken) -> None:
    wrong = sum_file(SAMPLE)
    days_late, cents = wrong["account-00003"].bills[4].parts[0]
    wrong["account-00003"].bills[4].parts[0] = (days_late, cents - 1)
    found = differences(stack.read_address, token, wrong)
    assert {line.split(":")[0] for line in found} == {
        "on 2005-09-15 month 2005-04",
        "on 2005-09-16 month 2005-04",
        "on 2006-12-31 month 2005-04",
        "family account-00003",
        "account-00003 invoice 2005-04",
    }


async def test_an_import_goes_on_where_the_write_service_was_killed(
    empty_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_middle = asyncio.Event()

    def note(_phase: str, count: int) -> None:
        if count >= 400:
            in_the_middle.set()

    importing = asyncio.create_task(
        _run(empty_stack.write_address, SAMPLE, on_answer=note, in_flight=16, streams=3)
    )
    await asyncio.wait({importing, asyncio.create_task(in_the_middle.wait())}, return_when="FIRST_COMPLETED")
    assert not importing.done()
    empty_stack.kill("write_service")
    empty_stack.start_part("write_service")
    finished = await importing
    assert finished.report.is_complete
    assert finished.report.commands_refused.total() == 0
    assert head(empty_stack.write_address) == COMMANDS
    assert differences(empty_stack.read_address, _token(finished), sum_file(SAMPLE)) == []

    # With ids of its own a second run is another import: what the first test counts on is not luck.
    monkeypatch.setattr(family_script, "command_context", _context_of_its_own)
    other = await _run(empty_stack.write_address, SAMPLE)
    assert head(empty_stack.write_address) > COMMANDS
    assert other.report.entries_not_taken["INVOICE_EXISTS"] == 1_045
    assert other.report.is_complete


def _context_of_its_own(_key: str, correlation_id: str) -> CommandContext:
    return CommandContext(command_id=str(uuid.uuid4()), correlation_id=correlation_id)


def test_bad_rows_are_listed_and_the_others_taken(stack: Stack, tmp_path: Path) -> None:
    header, first, second, *_ = gzip.decompress(SAMPLE.read_bytes()).decode().splitlines()
    bad = [first, second.replace("120000", "12,0000"), "2,0,x" + ",0" * 18, second, ""]
    file, listed = tmp_path / "accounts.csv", tmp_path / "report.csv"
    file.write_text("\n".join([header, first, *bad]), encoding="utf-8")
    command = [sys.executable, "-m", "command_line.app", "import", "tuition", str(file)]
    options = ["--write-address", stack.write_address, "--report", str(listed)]
    finished = subprocess.run([*command, *options], stdout=subprocess.PIPE, text=True, check=True)
    assert "5 accounts read, 3 not taken" in finished.stdout
    refused = [line for line in listed.read_text().splitlines() if "_2005_" not in line]
    assert refused == [
        "file,line,account,reason",
        "accounts.csv,3,1,DUPLICATE_ID",
        "accounts.csv,4,2,WRONG_NUMBER_OF_COLUMNS",
        "accounts.csv,5,2,NOT_A_NUMBER",
    ]


@pytest.mark.skipif(not WHOLE.is_file(), reason="the whole data is not on this machine")
async def test_accounts_of_the_whole_data_are_imported_to_the_cent(
    empty_stack: Stack, tmp_path: Path
) -> None:
    cut = _cut_whole(tmp_path)
    replayed = await _run(empty_stack.write_address, cut)
    assert replayed.report.accounts_read == 300
    assert differences(empty_stack.read_address, _token(replayed), sum_file(cut)) == []


def _cut_whole(into: Path) -> Path:
    header, *lines = gzip.decompress(WHOLE.read_bytes()).decode().splitlines()
    cut = into / "accounts.csv"
    cut.write_text("\n".join([header, *lines[10_000:10_300]]), encoding="utf-8")
    return cut
