"""A run of faults keeps every promise, and a history that claims more than the log holds is found out."""

import json
import os
import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.history import records
from tests.faults.judging import Judging
from tests.faults.report import Report
from tests.faults.run import RunSettings, arena_of, settle, try_faults

# Set to try the next part of all kinds of faults, and the same again.
_SEED = int(os.environ.get("SEED", "1"))
_KINDS = 20
_MOST_SECONDS = 150.0


@pytest.mark.timeout(900)
def test_a_run_of_faults_keeps_every_promise_and_a_forged_answer_is_found(tmp_path: Path) -> None:
    settings = RunSettings(seed=_SEED, seconds=_MOST_SECONDS, rotation=_KINDS, lease_seconds=1.0)
    report = Report(seed=settings.seed)
    arena = arena_of(settings, tmp_path)
    try:
        arena.start()
        judging = Judging(arena)
        arena.start_load(clients=3, pause_seconds=0.05)
        try_faults(arena, report, settings, judging)
        healed_at = settle(arena, report)
        report.violations += judging.verdict(healed_at)
        report.count_faults(arena.counts)
        report.count_calls(records(*arena.history_files))
        print(*report.lines(), sep="\n")  # noqa: T201 - what a failure shows
        assert report.violations == []
        # Sabotaged: an accepted command that is not in the log.
        _forge(arena.history_files[0])
        assert any(violation.startswith("C1 ") for violation in judging.verdict(healed_at))
    finally:
        arena.close()


def _forge(history: Path) -> None:
    lines = history.read_text(encoding="utf-8").splitlines()
    answer = next(record for record in map(json.loads, reversed(lines)) if record["receipt"] is not None)
    made = {**answer, "i": 10**12, "command_id": str(uuid4()), "at": time.monotonic()}
    with history.open("a", encoding="utf-8") as file:
        for record in ({**made, "kind": "invoke", "receipt": None, "response": None}, made):
            file.write(json.dumps(record) + "\n")
