"""A run of faults keeps every promise, and a history that claims more than the log holds is found out."""

import json
import time
from pathlib import Path
from uuid import uuid4

from tests.faults.arena import Arena
from tests.faults.judging import Judging
from tests.faults.report import Report
from tests.faults.run import RunSettings, settle, try_faults
from tests.waiting import DEADLINE_SECONDS

_FAULTS = ("kill", "strike", "link.cut", "postgres.crash", "valkey.flush")


def test_a_run_of_faults_keeps_every_promise_and_a_forged_answer_is_found(tmp_path: Path) -> None:
    settings = RunSettings(seed=20, seconds=DEADLINE_SECONDS, most=5, faults=_FAULTS)
    report, arena = Report(seed=settings.seed), Arena(tmp_path, seed=settings.seed)
    try:
        arena.start()
        judging = Judging(arena)
        arena.start_load(clients=3, pause_seconds=0.05)
        try_faults(arena, report, settings, judging)
        healed_at = settle(arena, report)
        assert sum(report.tried.values()) == settings.most
        assert report.violations + judging.verdict(healed_at) == []
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
