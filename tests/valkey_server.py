"""A real Valkey for the tests of a session, with the product's two users."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.valkey import ValkeyServer, ValkeySettings, ValkeyUser
from read_store import projector_rules, reader_rules

# Written out, since they guard nothing beyond the test.
USERS = (
    ValkeyUser(name="projector", password="projecting", rules=projector_rules()),  # noqa: S106
    ValkeyUser(name="reader", password="reading", rules=reader_rules()),  # noqa: S106
)


class TestValkey:
    """A server and the addresses of its users."""

    __test__ = False

    def __init__(self, directory: Path) -> None:
        self.server = ValkeyServer(directory, ValkeySettings(users=USERS))

    @property
    def projector_url(self) -> str:
        return self.server.url("projector", "projecting")

    @property
    def reader_url(self) -> str:
        return self.server.url("reader", "reading")

    @property
    def admin_url(self) -> str:
        return self.server.admin_url


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestValkey]:
    """One server for all tests of the session; each test takes a projection name of its own."""
    started = TestValkey(tmp_path_factory.mktemp("valkey"))
    started.server.start()
    yield started
    started.server.stop()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[TestValkey]:
    """A server for one test, which may kill it."""
    started = TestValkey(tmp_path / "valkey")
    started.server.start()
    yield started
    started.server.stop()
