"""Failpoints: what arms them, where they stand, and that they act once, when it is their turn."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import failpoints
from failpoints import Failpoint, FailpointsMistaken, parse

_CODE = (
    "import asyncio, failpoints\n"
    "async def main():\n"
    "    for hit in range(1, 4):\n"
    "        print(hit, flush=True)\n"
    "        if failpoints.is_armed:\n"
    "            await failpoints.reach('append.answered')\n"
    "asyncio.run(main())\n"
)


def _run(armed: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-c", _CODE],
        env={"PYTHONPATH": ":".join(filter(None, sys.path)), "DIPTYCH_FAILPOINTS": armed},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout.replace("\n", " ").strip() or ended.stderr


def test_a_process_dies_at_the_hit_that_it_was_told() -> None:
    assert _run("append.answered=kill@2") == (-signal.SIGKILL, "1 2")


def test_a_failpoint_may_act_each_time_that_it_is_its_turn() -> None:
    assert _run("append.answered=delay:0.01@1+")[0] == 0
    assert _run("append.answered=kill@2+") == (-signal.SIGKILL, "1 2")


@pytest.mark.parametrize("armed", ["", "append.before_send=kill@1", "append.answered=delay:0.01"])
def test_what_is_not_armed_or_only_delayed_goes_on(armed: str) -> None:
    assert _run(armed) == (0, "1 2 3")


def test_a_lost_connection_is_an_error_where_a_place_has_none_of_its_own() -> None:
    assert _run("append.answered=lose@3")[0] == 1


@pytest.mark.parametrize("armed", ["append.anwsered=kill", "append.answered=die", "kill", "append.answered"])
def test_a_mistaken_failpoint_refuses_the_start(armed: str) -> None:
    with pytest.raises(FailpointsMistaken):
        parse(armed)
    assert _run(armed)[0] == 1


def test_a_failpoint_is_spelled_as_it_is_read() -> None:
    armed = [
        Failpoint(name="append.under_way", action="kill", seconds=0.002, hit=7),
        Failpoint(name="page.read", action="stop"),
        Failpoint(name="apply.before_send", action="stop", hit=3, is_repeated=True),
    ]
    assert list(parse(";".join(map(str, armed))).values()) == armed


def _places() -> Iterator[str]:
    for package in ("event_store", "read_store", "service_kit", "write_service", "projector", "read_service"):
        for path in sorted(Path(package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield from re.findall(r'failpoints\.(?:reach|soon)\("([^"]+)"', text)


def test_every_failpoint_has_one_place_in_the_code_and_every_place_a_name() -> None:
    named = {name for names in failpoints.POINTS.values() for name in names}
    assert sorted(_places()) == sorted(named)


def test_every_place_is_passed_by_at_once_while_nothing_is_armed() -> None:
    for package in ("event_store", "service_kit", "projector", "read_service"):
        for path in sorted(Path(package).rglob("*.py")):
            lines = path.read_text(encoding="utf-8").splitlines()
            for before, line in pairwise(lines):
                if re.search(r"failpoints\.(reach|soon)\(", line):
                    assert re.search(
                        r"if failpoints\.is_armed( and \w+)?:|failpoints\.(reach|soon)\(", before
                    ), path
