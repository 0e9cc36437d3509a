"""A data directory and its log belong together: what was lost, swapped or half made is noticed."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from command_line.app import build
from command_line.begin_epoch import begin_epoch
from local_stack.backends import BackendSetup
from local_stack.errors import StackError
from service_kit.settings import Settings


class Servers:
    """Both servers over one data directory, as `diptych run` starts them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.said: list[str] = []
        directory.mkdir(parents=True, exist_ok=True)
        self.setup = BackendSetup(
            Settings(data_dir=directory, database_url=None, redis_url=None), directory, self.said.append
        )

    def start(self) -> None:
        self.setup.check_data()
        for server in self.setup.servers.values():
            server.start()
        self.setup.prepare()

    def stop(self) -> None:
        for server in self.setup.servers.values():
            server.stop()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that was used once and left in good order."""
    directory = tmp_path_factory.mktemp("made") / "data"
    servers = Servers(directory)
    try:
        servers.start()
    finally:
        servers.stop()
    return directory


@pytest.fixture
def servers(made: Path, tmp_path: Path) -> Iterator[Servers]:
    """A copy of it, to be damaged."""
    directory = tmp_path / "data"
    shutil.copytree(made, directory, ignore=shutil.ignore_patterns("*.sock*"))
    copied = Servers(directory)
    try:
        yield copied
    finally:
        copied.stop()


def test_the_same_data_is_served_again(servers: Servers) -> None:
    servers.start()
    assert servers.said == []


def test_lost_postgres_data_is_refused_and_no_empty_log_is_made(servers: Servers) -> None:
    shutil.rmtree(servers.directory / "postgres" / "cluster")
    with pytest.raises(StackError, match=r"is missing, and .* says that a log was there"):
        servers.start()
    assert not (servers.directory / "postgres" / "cluster").exists()


def test_without_the_identity_an_empty_log_would_be_made_in_silence(servers: Servers) -> None:
    """The sabotaged twin: with the guard away, lost data looks like a first start."""
    shutil.rmtree(servers.directory / "postgres" / "cluster")
    shutil.rmtree(servers.directory / "valkey" / "data")
    (servers.directory / "identity").unlink()
    servers.start()
    assert (servers.directory / "postgres" / "cluster").exists()


def test_valkey_data_without_postgres_data_is_refused(servers: Servers) -> None:
    shutil.rmtree(servers.directory / "postgres" / "cluster")
    (servers.directory / "identity").unlink()
    with pytest.raises(StackError, match="is missing while the data of Valkey is still there"):
        servers.start()


def test_a_log_without_its_identity_is_refused(servers: Servers) -> None:
    (servers.directory / "identity").unlink()
    with pytest.raises(StackError, match=r"holds a log, but .*identity is missing"):
        servers.start()


def test_lost_valkey_data_is_said_and_filled_again(servers: Servers) -> None:
    shutil.rmtree(servers.directory / "valkey" / "data")
    servers.start()
    assert servers.said == ["the data of Valkey is missing: the read models fill again from the log"]


def test_a_swapped_cluster_is_refused_before_anything_is_changed(servers: Servers, tmp_path: Path) -> None:
    other = Servers(tmp_path / "other")
    try:
        other.start()
    finally:
        other.stop()
    shutil.rmtree(servers.directory / "postgres" / "cluster")
    shutil.move(tmp_path / "other" / "postgres" / "cluster", servers.directory / "postgres" / "cluster")
    with pytest.raises(StackError, match="is another cluster than the one"):
        servers.start()


def test_a_log_of_another_epoch_is_refused(servers: Servers) -> None:
    identity = servers.directory / "identity"
    known = json.loads(identity.read_text(encoding="utf-8"))
    identity.write_text(json.dumps({**known, "epoch": str(uuid4())}), encoding="utf-8")
    with pytest.raises(StackError, match="this is another log than the one"):
        servers.start()


def test_a_restored_log_is_served_in_a_new_epoch(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the files takes the log back to before what was written since."""
    monkeypatch.setenv("DIPTYCH_DATA_DIR", str(servers.directory))
    cluster, backup = servers.directory / "postgres" / "cluster", servers.directory / "backup"
    shutil.copytree(cluster, backup)
    epoch = json.loads((servers.directory / "identity").read_text(encoding="utf-8"))["epoch"]
    shutil.rmtree(cluster)
    shutil.move(backup, cluster)
    said = CliRunner().invoke(build(), ["begin-epoch"])
    assert said.exit_code == 0, said.output
    begun = json.loads((servers.directory / "identity").read_text(encoding="utf-8"))["epoch"]
    assert begun != epoch
    assert f"epoch {begun} begins after position 0" in said.output
    servers.start()
    with psycopg.connect(servers.setup.prepare().projector_database_url) as connection:
        assert connection.execute("SELECT epoch FROM event_log.log_head").fetchone() == (UUID(begun),)
        past = connection.execute("SELECT epoch, last_common_position FROM event_log.past_epochs").fetchall()
        assert past == [(UUID(epoch), 0)]


def test_no_epoch_is_begun_where_there_is_no_log(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIPTYCH_DATA_DIR", str(servers.directory))
    shutil.rmtree(servers.directory / "postgres" / "cluster")
    with pytest.raises(StackError, match="is missing: restore it first"):
        begin_epoch()
    assert not (servers.directory / "postgres" / "cluster").exists()


def test_a_first_start_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    cut_off = tmp_path / "cut off"
    fresh = Servers(cut_off)
    try:
        fresh.setup.check_data()
        fresh.setup.servers["postgres"].start()
        fresh.setup.servers["postgres"].kill()
        again = Servers(cut_off)
        try:
            again.start()
            with psycopg.connect(again.setup.prepare().writer_database_url) as connection:
                assert connection.execute("SELECT position FROM event_log.log_head").fetchone() == (0,)
        finally:
            again.stop()
    finally:
        fresh.stop()
