"""What these tests run against: the stores, read models that a test fills, and a read service on them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.postgres_server import event_log, event_store, log_database, postgres_server
from tests.services.order_read_models import ReadModels, read_models, read_service
from tests.services.split_models import channels, split
from tests.valkey_server import TestValkey, own_valkey, valkey

__all__ = [
    "channels",
    "event_log",
    "event_store",
    "log_database",
    "own_valkey",
    "postgres_server",
    "split",
    "valkey",
]


@pytest.fixture(params=["core", "aio"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds for one engine holds for the other; the test runs once with each."""
    monkeypatch.setenv("DIPTYCH_GRPC_ENGINE", request.param)


@pytest.fixture
async def models(valkey: TestValkey) -> AsyncIterator[ReadModels]:
    async with read_models(valkey) as started:
        yield started


@pytest.fixture
async def stub(valkey: TestValkey) -> AsyncIterator[Any]:
    async with read_service(valkey) as started:
        yield started
