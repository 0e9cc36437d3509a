"""The servers of the local stack by themselves: passwords, crashes, leftovers, versions, logs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
import redis

from local_stack import processes
from local_stack.errors import StackError
from local_stack.postgres import PostgresServer, PostgresSettings
from local_stack.valkey import ValkeyServer, ValkeySettings, ValkeyUser


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = PostgresServer(
        tmp_path_factory.mktemp("stack") / "postgres",
        PostgresSettings(max_connections=20, shared_buffers="16MB"),
    )
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[ValkeyServer]:
    user = ValkeyUser(name="reader", password="reading", rules=("~*", "+get"))  # noqa: S106 - guards nothing
    server = ValkeyServer(tmp_path / "valkey", ValkeySettings(users=(user,)))
    try:
        server.start()
        yield server
    finally:
        server.stop()


def test_postgres_keeps_checksums_and_waits_for_the_disk(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.admin_url) as connection:
        for setting in ("data_checksums", "fsync", "full_page_writes", "synchronous_commit"):
            found = connection.execute("SELECT current_setting(%s)", (setting,)).fetchone()
            assert found == ("on",), setting
        assert connection.execute("SELECT current_setting('listen_addresses')").fetchone() == ("",)
        trusting = "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'"
        assert connection.execute(trusting).fetchone() == (0,)


def test_postgres_lets_nobody_in_without_the_password(postgres: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url("diptych_admin", "guessed"))


def test_directories_and_secrets_are_for_their_owner_alone(postgres: PostgresServer) -> None:
    assert postgres.directory.stat().st_mode & 0o077 == 0
    assert (postgres.directory / "password").stat().st_mode & 0o077 == 0
    assert (postgres.directory / "socket").stat().st_mode & 0o077 == 0


def test_the_log_of_postgres_shows_no_content(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE people (name text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES (%s)", ("CANARY-7",))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES (%s)", ("CANARY-7",))
    said = postgres.log.read_text(encoding="utf-8")
    assert "duplicate key value" in said
    assert "CANARY-7" not in said


def test_postgres_that_does_not_stop_is_stopped_at_once_and_keeps_what_it_acknowledged(
    postgres: PostgresServer,
) -> None:
    with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE acknowledged AS SELECT 7 AS number")
        [checkpointer] = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        ).fetchall()
    # Its work is the last part of an orderly stop.
    os.kill(checkpointer[0], signal.SIGSTOP)
    postgres.stop(fast_seconds=0.5)
    assert postgres.pid is None
    assert not processes.is_alive(checkpointer[0])
    postgres.start()
    with psycopg.connect(postgres.admin_url) as connection:
        assert connection.execute("SELECT number FROM acknowledged").fetchone() == (7,)


@pytest.mark.parametrize("is_guarded", [True, False])
def test_postgres_keeps_what_it_acknowledged_through_a_crash(tmp_path: Path, is_guarded: bool) -> None:
    # Without the guard the answer comes before the log of changes left the process.
    sabotage = () if is_guarded else ("synchronous_commit = off", "wal_writer_delay = 10s")
    server = PostgresServer(
        tmp_path / "postgres", PostgresSettings(max_connections=20, shared_buffers="16MB", extra=sabotage)
    )
    try:
        server.start()
        with psycopg.connect(server.admin_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (number int)")
            connection.execute("CHECKPOINT")
            for number in range(20):
                connection.execute("INSERT INTO kept VALUES (%s)", (number,))
            server.kill()
        server.start()
        with psycopg.connect(server.admin_url) as connection:
            kept = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert (kept == (20,)) is is_guarded
    finally:
        server.stop()


def test_a_postgres_left_behind_is_stopped_and_its_data_served_again(postgres: PostgresServer) -> None:
    left_pid = postgres.pid
    assert left_pid is not None
    successor = PostgresServer(postgres.directory, postgres.settings)
    try:
        successor.start()
        assert not processes.is_alive(left_pid)
        with psycopg.connect(successor.admin_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        successor.stop()
        postgres.start()


def test_a_stale_pid_file_that_names_another_process_is_no_obstacle(postgres: PostgresServer) -> None:
    postgres.stop()
    (postgres.cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.cluster}\n", encoding="ascii")
    postgres.start()
    assert postgres.pid is not None


def test_a_cluster_of_another_major_version_is_refused(postgres: PostgresServer) -> None:
    postgres.stop()
    version = postgres.cluster / "PG_VERSION"
    version.write_text("17\n", encoding="ascii")
    try:
        with pytest.raises(StackError, match="made by PostgreSQL 17, this is PostgreSQL 18"):
            postgres.start()
    finally:
        version.write_text("18\n", encoding="ascii")
        postgres.start()


def test_a_long_path_gets_its_sockets_in_a_short_place(tmp_path: Path) -> None:
    server = ValkeyServer(tmp_path / ("long" * 30))
    try:
        server.start()
        with redis.Redis.from_url(server.admin_url) as client:
            assert client.ping()
    finally:
        server.stop()


@pytest.mark.parametrize("is_guarded", [True, False])
def test_valkey_keeps_what_it_acknowledged_through_a_crash(tmp_path: Path, is_guarded: bool) -> None:
    extra = () if is_guarded else ("appendonly no",)
    server = ValkeyServer(tmp_path / "valkey", ValkeySettings(extra=extra))
    try:
        server.start()
        with redis.Redis.from_url(server.admin_url) as client:
            client.set("kept", "1")
            server.kill()
            server.start()
            assert (client.get("kept") == b"1") is is_guarded
    finally:
        server.stop()


def test_valkey_lets_in_named_users_only_with_their_rights(valkey: ValkeyServer) -> None:
    socket = unquote(urlsplit(valkey.admin_url).path)
    with redis.Redis(unix_socket_path=socket) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.get("anything")
    guessed = valkey.url("reader", "guessed")
    with redis.Redis.from_url(guessed) as guesser, pytest.raises(redis.AuthenticationError):
        guesser.get("anything")
    with redis.Redis.from_url(valkey.url("reader", "reading")) as reader:
        assert reader.get("anything") is None
        with pytest.raises(redis.exceptions.NoPermissionError):
            reader.set("anything", "1")


def test_valkey_never_evicts_and_keeps_passwords_as_digests(valkey: ValkeyServer) -> None:
    with redis.Redis.from_url(valkey.admin_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert "reading" not in (valkey.directory / "users.acl").read_text(encoding="utf-8")


def test_a_valkey_left_behind_is_stopped_and_its_data_served_again(valkey: ValkeyServer) -> None:
    left_pid = valkey.pid
    assert left_pid is not None
    with redis.Redis.from_url(valkey.admin_url) as client:
        client.set("kept", "1")
    successor = ValkeyServer(valkey.directory)
    try:
        successor.start()
        assert not processes.is_alive(left_pid)
        with redis.Redis.from_url(successor.admin_url) as client:
            assert client.get("kept") == b"1"
    finally:
        successor.stop()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ties a child to its parent")
def test_a_server_ends_with_the_supervisor_that_was_killed(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from local_stack.valkey import ValkeyServer\n"
            "server = ValkeyServer(Path(sys.argv[1])); server.start(); print(server.pid, flush=True)\n"
            "sys.stdin.read()",
            str(tmp_path / "valkey"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    assert processes.wait_until(lambda: not processes.is_alive(pid), 60)
