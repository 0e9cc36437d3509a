"""Real days of a shop come through three processes to the cent, whatever breaks on the way."""

import asyncio
import dataclasses
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from diptych.command.v1.command_pb2 import CommandContext
from diptych.consistency.v1.consistency_pb2 import ConsistencyToken

from command_line.importing.kinds import OrderKind
from command_line.importing.online_retail import requests
from command_line.importing.online_retail.report import RetailReport
from command_line.importing.replay import Replayed
from tests.end_to_end.retail_answers import differences
from tests.end_to_end.retail_runs import SAMPLE, WHOLE, cut_day, head, run, run_until
from tests.end_to_end.retail_sums import Day, sum_files
from tests.stack import Stack


@pytest.fixture
def empty_stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack whose log is empty, so that its sums are those of the import alone."""
    stack = Stack(tmp_path / "stack")
    try:
        yield stack.start()
    finally:
        stack.stop()


def _token(replayed: Replayed[RetailReport]) -> ConsistencyToken:
    assert replayed.report.last_receipt is not None
    return replayed.report.last_receipt.token


async def test_a_day_is_imported_to_the_cent_and_only_once(empty_stack: Stack, tmp_path: Path) -> None:
    write_address = empty_stack.write_address
    # 1,167 events register and receive; the orders make 1,000 more.
    run_until(1_400, write_address, SAMPLE, tmp_path / "report.csv")
    assert 1_400 <= head(write_address) < 2_000

    resumed = await run(write_address, SAMPLE)
    sums = sum_files([SAMPLE])
    assert (resumed.report.entries_read, resumed.report.entries_taken) == (858, 858)
    assert resumed.report.outcomes[OrderKind.PLACE].replayed > 0
    assert resumed.report.outcomes[OrderKind.PLACE].accepted > 0
    assert differences(empty_stack.read_address, _token(resumed), sums) == []

    position = head(write_address)
    again = await run(write_address, SAMPLE, streams=3)
    assert head(write_address) == position
    assert sum(outcomes.replayed for outcomes in again.report.outcomes.values()) == again.report.answered
    assert again.report.is_complete
    assert again.report.events == 0
    assert differences(empty_stack.read_address, _token(again), sums) == []

    _the_comparison_finds_a_cent(empty_stack, _token(again))


def _the_comparison_finds_a_cent(stack: Stack, token: ConsistencyToken) -> None:
    wrong = sum_files([SAMPLE])
    day = wrong.days["2011-06-03"]
    wrong.days["2011-06-03"] = Day(**(dataclasses.asdict(day) | {"gross_cents": day.gross_cents + 1}))
    wrong.sold["22423"] += 1
    wrong.customers["guest"].spent_cents -= 1
    found = [line.split(":")[0] for line in differences(stack.read_address, token, wrong)]
    assert found == ["day 2011-06-03", "all countries together gross", "sold 22423", "customer guest"]


async def test_an_import_goes_on_where_the_write_service_was_killed(
    empty_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_middle = asyncio.Event()

    def note(phase: str, count: int) -> None:
        if phase.endswith("orders") and count >= 60:
            in_the_middle.set()

    importing = asyncio.create_task(
        run(empty_stack.write_address, SAMPLE, on_answer=note, in_flight=16, streams=2)
    )
    await asyncio.wait({importing, asyncio.create_task(in_the_middle.wait())}, return_when="FIRST_COMPLETED")
    assert not importing.done()
    empty_stack.kill("write_service")
    empty_stack.start_part("write_service")
    finished = await importing
    assert finished.report.is_complete
    assert finished.report.entries_not_taken.total() == finished.report.commands_refused.total() == 0
    assert differences(empty_stack.read_address, _token(finished), sum_files([SAMPLE])) == []

    # With ids of its own a second run is another import: what the first test counts on is not luck.
    monkeypatch.setattr(requests, "command_context", _context_of_its_own)
    position = head(empty_stack.write_address)
    await run(empty_stack.write_address, SAMPLE)
    assert head(empty_stack.write_address) > position


def _context_of_its_own(_key: str, correlation_id: str) -> CommandContext:
    return CommandContext(command_id=str(uuid.uuid4()), correlation_id=correlation_id)


@pytest.mark.skipif(not WHOLE.is_dir(), reason="the whole data is not on this machine")
async def test_a_day_of_the_whole_data_is_imported_to_the_cent(empty_stack: Stack, tmp_path: Path) -> None:
    day = cut_day(WHOLE / "2011-03.csv.gz", "2011-03-11", tmp_path)
    replayed = await run(empty_stack.write_address, day)
    assert (replayed.report.entries_read, replayed.report.entries_taken) == (959, 959)
    assert differences(empty_stack.read_address, _token(replayed), sum_files([day])) == []
