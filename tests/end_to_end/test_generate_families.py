"""`diptych generate families` sends what the services take, and a second run changes nothing."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency
from diptych.families.v1 import family_query_service_pb2 as queries
from diptych.families.v1 import family_query_service_pb2_grpc as stubs

from command_line.generating.families import family_commands
from tests.end_to_end.retail_runs import head
from tests.stack import Stack

UNTIL = date(2025, 6, 20)


def _generate(stack: Stack, count: int, report: Path) -> str:
    command = [sys.executable, "-m", "command_line.app", "generate", "families", "--count", str(count)]
    options = ["--seed", "7", "--until", str(UNTIL), "--write-address", stack.write_address]
    finished = subprocess.run(
        [*command, *options, "--report", str(report)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "120"},
    )
    return finished.stdout


def test_families_are_the_same_again_and_more_can_follow(stack: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    families = [family_commands(number, seed=7, until=UNTIL) for number in range(1, 61)]
    before = head(stack.write_address)
    said = _generate(stack, 40, report)
    forty = sum(map(len, families[:40]))
    assert head(stack.write_address) == before + forty
    assert f"{forty:,} commands answered" in said
    assert report.read_text().splitlines() == ["file,line,family,reason"]

    assert "0 events written" in _generate(stack, 40, report)
    assert head(stack.write_address) == before + forty

    _generate(stack, 60, report)
    assert head(stack.write_address) == before + sum(map(len, families))

    with grpc.insecure_channel(stack.read_address) as channel:
        stub = stubs.FamilyQueryServiceStub(channel)
        for commands in families:
            request = queries.GetFamilyRequest(
                consistency=Consistency(fully_consistent=True), family_id=commands[0].subject
            )
            family = stub.GetFamily(request).family
            # Each command is one event.
            assert family.version == len(commands)
            assert family.children_count == sum(command.kind == "children added" for command in commands)
