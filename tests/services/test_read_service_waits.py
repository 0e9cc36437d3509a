"""A query that must wait does not look meanwhile, as far as its read model's place is known."""

import asyncio
from typing import Any

import pytest
from diptych.orders.v1 import order_query_service_pb2 as queries
from google.protobuf.duration_pb2 import Duration

from read_store import ReadStore
from read_store.subscriber import Subscriber
from tests.order_events import approved, placed
from tests.services.order_read_models import ReadModels, fresh

MUGS = ("mug", 2, 100)
LONG_SECONDS = 600.0


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read of the store, as it comes."""
    made: list[str] = []
    read = ReadStore.read

    async def noted(self: ReadStore, projection: str, *arguments: Any, **more: Any) -> Any:
        made.append(projection)
        return await read(self, projection, *arguments, **more)

    monkeypatch.setattr(ReadStore, "read", noted)
    return made


async def _read(stub: Any, token: str) -> int:
    asked = queries.GetOrderRequest(order_id="1", consistency=fresh(token, max_wait=Duration(seconds=30)))
    return int((await stub.GetOrder(asked)).order.version)


async def _known(models: ReadModels, stub: Any) -> None:
    """The service has waited once, so that it hears of the read model's place from then on."""
    await models.write(placed("1", MUGS))
    token = models.append(approved("1"))
    reading = asyncio.create_task(_read(stub, token))
    await asyncio.wait((reading,), timeout=0.1)
    await models.catch_up()
    assert await reading == 2


async def test_what_is_known_to_be_behind_is_not_looked_at(
    models: ReadModels, stub: Any, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("read_service.waiting._TOLD_SECONDS", LONG_SECONDS)
    await _known(models, stub)
    for version in range(3, 10):
        token = models.append(approved("1"))
        looks.clear()
        reading = asyncio.create_task(_read(stub, token))
        await asyncio.wait((reading,), timeout=0.05)
        assert (reading.done(), looks) == (False, [])
        await models.catch_up()
        assert (await reading, len(looks)) == (version, 1)


async def test_a_push_that_got_lost_holds_nobody_up(
    models: ReadModels, stub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _known(models, stub)
    monkeypatch.setattr(Subscriber, "_pushed", lambda _self, _push: None)
    for version in range(3, 6):
        token = await models.write(approved("1"))
        assert await _read(stub, token) == version
