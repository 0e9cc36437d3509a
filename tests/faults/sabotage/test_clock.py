"""Stepped clocks do step, or faults of clocks would show nothing."""

import time
from pathlib import Path

import psycopg
import pytest

from tests.faults.checker.read_dump import read_dump
from tests.faults.sabotage import goods
from tests.faults.sabotage.clock import CLOCK, FILE, KEY, time_ns
from tests.faults.sabotage.trial import TRIES, Trial
from tests.postgres_server import LogDatabase
from tests.valkey_server import TestValkey
from tests.waiting import eventually

_STEP_SECONDS = 3600


async def test_each_clock_steps_while_it_runs(
    tmp_path: Path, log_database: LogDatabase, valkey: TestValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FILE, str(tmp_path / "step"))
    trial = Trial(tmp_path, log_database, valkey, CLOCK)
    try:
        trial.start(write_service="", projector="")
        client = await trial.client("a")
        await client.command(goods.register("mug"), tries=TRIES)
        with psycopg.connect(log_database.admin_url, autocommit=True) as connection:
            connection.execute("INSERT INTO event_log.clock_step VALUES (%s)", (_STEP_SECONDS,))
            await client.command(goods.enter("ann"), tries=TRIES)
            row = connection.execute("SELECT max(recorded_at) - min(recorded_at) FROM event_log.events")
            between = row.fetchone()
        assert between is not None
        assert between[0].total_seconds() >= _STEP_SECONDS
        with trial.admin() as store:
            store.set(KEY, _STEP_SECONDS)

        async def is_known_to_the_projector() -> bool:
            beat_us = int(read_dump(valkey.admin_url, "orders").checkpoint.get("beat_us", "0"))
            return beat_us / 1_000_000 > time.time() + _STEP_SECONDS / 2

        await eventually(is_known_to_the_projector)
    finally:
        await trial.close()


def test_the_clock_of_a_process_follows_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "step"
    monkeypatch.setenv(FILE, str(file))
    assert abs(time_ns() - time.time_ns()) < _STEP_SECONDS * 10**9 / 2
    file.write_text(str(-_STEP_SECONDS), encoding="ascii")
    assert time.time_ns() - time_ns() > _STEP_SECONDS * 10**9 / 2
