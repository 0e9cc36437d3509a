"""The read models of families that a test fills, and a read service on them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.services.family_read_models import family_models, family_service
from tests.services.order_read_models import ReadModels
from tests.valkey_server import TestValkey


@pytest.fixture
async def models(valkey: TestValkey) -> AsyncIterator[ReadModels]:
    async with family_models(valkey) as started:
        yield started


@pytest.fixture
async def stub(valkey: TestValkey) -> AsyncIterator[Any]:
    async with family_service(valkey) as started:
        yield started


@pytest.fixture
async def lively_stub(valkey: TestValkey) -> AsyncIterator[Any]:
    """A read service whose heartbeats come soon."""
    async with family_service(valkey, heartbeat_seconds=0.05) as started:
        yield started
