"""With DIPTYCH_DATABASE_URL and DIPTYCH_REDIS_URL the stack uses these servers and starts none of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from local_stack.postgres import PostgresServer, PostgresSettings
from local_stack.valkey import ValkeyServer, ValkeySettings
from tests.diptych_run import DiptychRun


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings that name servers which somebody else keeps."""
    directory = tmp_path_factory.mktemp("own")
    postgres = PostgresServer(directory / "postgres", PostgresSettings(shared_buffers="16MB"))
    valkey = ValkeyServer(directory / "valkey", ValkeySettings())
    try:
        postgres.start()
        valkey.start()
        yield {"DIPTYCH_DATABASE_URL": postgres.admin_url, "DIPTYCH_REDIS_URL": valkey.admin_url}
    finally:
        valkey.stop()
        postgres.stop()


def test_migrate_prepares_both_servers_and_may_be_repeated(
    own_servers: dict[str, str], tmp_path: Path
) -> None:
    for _ in range(2):
        environment = {**os.environ, **own_servers, "DIPTYCH_DATA_DIR": str(tmp_path / "data")}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        subprocess.run([sys.executable, "-m", "command_line.app", "migrate"], env=environment, check=True)
    with psycopg.connect(own_servers["DIPTYCH_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT position FROM event_log.log_head").fetchone() == (0,)
    with redis.Redis.from_url(own_servers["DIPTYCH_REDIS_URL"]) as client:
        assert client.acl_getuser("diptych_reader")
        assert client.function_list()


def test_the_stack_runs_on_them_and_starts_no_server(own_servers: dict[str, str], tmp_path: Path) -> None:
    run = DiptychRun(tmp_path, **own_servers)
    try:
        run.start()
        assert not (tmp_path / "data" / "postgres").exists()
        assert not (tmp_path / "data" / "valkey").exists()
    finally:
        assert run.stop() == 0


def test_a_server_that_does_not_answer_is_one_clear_line(own_servers: dict[str, str], tmp_path: Path) -> None:
    silent = {**own_servers, "DIPTYCH_DATABASE_URL": f"postgresql://nobody@/x?host={tmp_path}"}
    run = DiptychRun(tmp_path, **silent).launch()
    assert run.end() == 1
    assert run.said.startswith("diptych: Postgres does not answer: ")
    assert len(run.said.splitlines()) == 1
