"""The example dashboard shows what is so, follows it, and is not harmed by a restart."""

import json
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from diptych.families.v1 import family_command_service_pb2 as commands

from tests.diptych_run import free_address
from tests.end_to_end.dashboard_run import (
    LEAVES_SCREEN,
    SHOWS_CURSOR,
    LiveDashboard,
    live_dashboard,
    run_once,
)
from tests.end_to_end.every_family_command import enroll, invoice, pay, set_risk
from tests.end_to_end.shop import DEADLINE_SECONDS, channel_to
from tests.services.write_services import Caller, a_context
from tests.stack import Stack
from tests.waiting import eventually

# What else is in a request takes a few bytes; a token takes many more.
_BYTES_WITHOUT_TOKEN = 16
_LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff the Elder"
# Markup of the library that draws the page, and a character that moves a terminal's cursor.
_ODD_NAME = "[red]O'Brien[/red]\x9b2J"


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack without the families of other tests: the page shows the first of all."""
    running = Stack(tmp_path_factory.mktemp("dashboard"))
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="module")
async def caller(own_stack: Stack) -> AsyncIterator[Caller]:
    """A client that has enrolled four families, three of them at risk."""
    async with channel_to(own_stack.write_address) as channel:
        opened = Caller(channel, own_stack.write_address)
        for id_, name, score in (
            ("novak", "Novak", 72),
            ("long", _LONG_NAME, 91),
            ("odd", _ODD_NAME, 85),
            ("calm", "Calm", 12),
        ):
            await _send(opened, enroll(id_, name))
            await _send(opened, set_risk(id_, score))
        await _send(opened, _recommend("novak"))
        await _send(opened, invoice("novak", 123_456_789))
        await _send(opened, invoice("calm", 5))
        await _send(opened, pay("novak", 100_000_000))
        yield opened


async def _send(caller: Caller, request: Any) -> Any:
    rpc = type(request).__name__.removesuffix("Request")
    return await getattr(caller.families, rpc)(request, timeout=DEADLINE_SECONDS)


def _recommend(family_id: str) -> commands.RecommendInterventionRequest:
    return commands.RecommendInterventionRequest(
        context=a_context(), family_id=family_id, intervention="offer a payment plan", priority=4
    )


def _row(screen: str, name: str) -> str:
    """The line of the list that begins with a name; empty when there is none."""
    return next((line for line in screen.splitlines() if line.startswith(f"│ {name}")), "")


async def _until_shown(dashboard: LiveDashboard, name: str, *words: str) -> None:
    async def is_shown() -> bool:
        row = _row(dashboard.screen, name)
        return bool(row) and all(word in row for word in words)

    await eventually(is_shown)


def _names(screen: str) -> list[str]:
    """The first column of the list, from the top, without the dots where a name is cut."""
    lines = screen.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("│ Family "))
    end = next(number for number, line in enumerate(lines) if number > start and line.startswith("╰"))
    column = slice(2, lines[start].index("Tier"))
    return [name for line in lines[start + 1 : end] if (name := line[column].strip().rstrip("…"))]


async def test_one_screen_has_the_rows_in_their_order(own_stack: Stack, caller: Caller) -> None:
    code, screen, errors = await run_once(own_stack.read_address)
    assert (code, errors) == (0, "")
    assert [name[:10] for name in _names(screen)] == ["Novak", _LONG_NAME[:10], _ODD_NAME[:10]]
    assert "At risk: 3, score 70 and over" in screen
    assert all(
        word in _row(screen, "Novak") for word in ("High", " 72 ", "●●●●○", "offer a payment", "never")
    )
    month = _row(screen, "2026-09").split()[2:-1]
    amounts = ["1,234,567.94", "1,000,000.00", "80%", "234,567.94"]
    assert month == ["0", "0", "2", "USD", *amounts, "1.0"]
    # Sabotaged: another floor, another list.
    _, screen, _ = await run_once(own_stack.read_address, "--min-risk", "90")
    assert [name[:10] for name in _names(screen)] == [_LONG_NAME[:10]]


@pytest.mark.parametrize(("columns", "lines"), [(100, 30), (160, 50), (60, 12)])
async def test_every_line_is_as_wide_as_the_terminal_whatever_families_are_called(
    own_stack: Stack, caller: Caller, columns: int, lines: int
) -> None:
    code, screen, _ = await run_once(own_stack.read_address, columns=columns, lines=lines)
    assert code == 0
    assert {len(line) for line in screen.splitlines()} == {columns}
    assert len(screen.splitlines()) <= max(lines, 19)
    assert "\x9b" not in screen
    if columns > 100:
        assert all(name in screen for name in (_LONG_NAME[:30], "[red]O'Brien[/red]·2J", "card 100%"))


async def test_a_family_comes_onto_the_screen_and_leaves_it_as_its_score_changes(
    own_stack: Stack, caller: Caller
) -> None:
    async with live_dashboard(own_stack.read_address) as dashboard:
        await _until_shown(dashboard, "Novak", " 72 ")
        assert "Calm" not in dashboard.screen
        await _send(caller, set_risk("calm", 99))
        await _until_shown(dashboard, "Calm", " 99 ", "Critical")
        assert "Calm is at risk" in dashboard.screen
        await _send(caller, set_risk("calm", 12))
        await eventually(lambda: _is_gone(dashboard, "Calm"))
        assert "Calm left the list" in dashboard.screen
        await _send(caller, pay("calm", 5, "second"))
        await _until_shown(dashboard, "2026-09", "1,000,000.05")
        assert await dashboard.end() == 0


async def _is_gone(dashboard: LiveDashboard, name: str) -> bool:
    return bool(dashboard.screen) and not _row(dashboard.screen, name)


@pytest.mark.parametrize("way", ["stop_part", "kill"])
async def test_a_restart_of_the_service_is_told_and_nothing_of_the_time_between_is_missed(
    own_stack: Stack, caller: Caller, way: str
) -> None:
    await _send(caller, set_risk("long", 91))
    async with live_dashboard(own_stack.read_address) as dashboard:
        await _until_shown(dashboard, _LONG_NAME[:10], " 91 ")
        getattr(own_stack, way)("read_service")
        await eventually(lambda: _says(dashboard, "connection lost"))
        # What was known stays on the page.
        assert _row(dashboard.screen, "Novak")
        await _send(caller, set_risk("calm", 77))
        await _send(caller, set_risk("long", 3))
        own_stack.start_part("read_service")
        await eventually(lambda: _says(dashboard, "connected again"))
        await _until_shown(dashboard, "Calm", " 77 ")
        await eventually(lambda: _is_gone(dashboard, _LONG_NAME[:10]))
        await _send(caller, set_risk("calm", 12))
        await eventually(lambda: _is_gone(dashboard, "Calm"))
        assert await dashboard.end() == 0
    await _send(caller, set_risk("long", 91))
    await eventually(lambda: _is_resumed(own_stack))
    # Sabotaged: a list that was begun anew is told from one that was taken up.
    await run_once(own_stack.read_address)
    await eventually(lambda: _is_begun_anew(own_stack))


async def _is_begun_anew(stack: Stack) -> bool:
    return not await _is_resumed(stack)


async def _is_resumed(stack: Stack) -> bool:
    """Whether the list of families that was watched last was asked for with a place to resume from.

    The call is told of when it has ended on the service's side, a little after the caller's.
    """
    calls = [line for line in stack.log("read_service").splitlines() if "/WatchAtRiskFamilies" in line]
    return int(json.loads(calls[-1])["bytes_received"]) > _BYTES_WITHOUT_TOKEN


async def _says(dashboard: LiveDashboard, words: str) -> bool:
    return words in dashboard.screen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_well_and_leaves_the_terminal_as_it_was(
    own_stack: Stack, caller: Caller, number: signal.Signals
) -> None:
    async with live_dashboard(own_stack.read_address) as dashboard:
        await _until_shown(dashboard, "Novak")
        assert LEAVES_SCREEN not in dashboard.output
        assert await dashboard.end(number) == 0
        await eventually(lambda: _has_left(dashboard))
    assert "Traceback" not in dashboard.output


async def _has_left(dashboard: LiveDashboard) -> bool:
    return LEAVES_SCREEN in dashboard.output and SHOWS_CURSOR in dashboard.output


def test_it_is_a_client_that_needs_nothing_of_ours_but_the_stubs() -> None:
    files = sorted(Path("examples/dashboard").glob("*.py"))
    imported = {name for file in files for name in _imported(file.read_text(encoding="utf-8"))}
    allowed = {"diptych", "google", "grpc", "rich", *sys.stdlib_module_names, *(file.stem for file in files)}
    assert len(files) > 1
    assert imported - allowed == set()
    # Sabotaged: an import of ours is found.
    assert _imported("from service_kit.settings import Settings") - allowed == {"service_kit"}


def _imported(text: str) -> set[str]:
    return set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))


async def test_without_a_service_one_screen_is_refused_and_a_live_one_waits(
    own_stack: Stack, caller: Caller
) -> None:
    nobody = free_address()
    code, screen, errors = await run_once(nobody, "--timeout", "0.5")
    assert (code, screen) == (1, "")
    assert nobody in errors
    assert "UNAVAILABLE" in errors
    code, _, errors = await run_once(own_stack.write_address)
    assert (code, "Method not found" in errors) == (1, True)
    async with live_dashboard(nobody) as dashboard:
        await eventually(lambda: _says(dashboard, "connection lost"))
        assert await dashboard.end() == 0
