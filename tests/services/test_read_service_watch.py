"""Watches: the state first, then each change, what leaves, heartbeats, and resuming."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from diptych.consistency.v1.consistency_pb2 import ConsistencyToken
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import views_pb2 as views

from tests.order_events import START, approved, cancelled, instant, placed, registered
from tests.order_histories import History
from tests.services.kit_service import Refused, refusal_of
from tests.services.order_model import meets
from tests.services.order_read_models import ReadModels, fresh, read_service
from tests.services.watching import LIMIT_SECONDS, following
from tests.valkey_server import TestValkey

MUGS = ("mug", 2, 100)
PENDING = views.ORDER_STATUS_PENDING


@pytest.fixture
async def lively_stub(valkey: TestValkey) -> AsyncIterator[Any]:
    """A read service whose heartbeats come soon."""
    async with read_service(valkey, heartbeat_seconds=0.05) as started:
        yield started


async def test_a_watched_order_comes_as_it_is_and_again_after_each_change(
    models: ReadModels, stub: Any
) -> None:
    await models.write(placed("1", MUGS))
    watch = stub.WatchOrder(queries.WatchOrderRequest(order_id="1"))
    assert (await following(watch)).order.version == 1
    await models.write(placed("2", MUGS), registered("alice"))
    await models.write(approved("1"))
    response = await following(watch)
    assert (response.order.version, response.order.status) == (2, views.ORDER_STATUS_APPROVED)
    assert response.freshness.position == models.position
    assert response.changes_through.token == models.token(models.position)


async def test_a_resumed_watch_sends_only_what_is_newer(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS), approved("1"))
    resume_from = ConsistencyToken(token=models.token(2))
    watch = stub.WatchOrder(queries.WatchOrderRequest(order_id="1", resume_from=resume_from))
    reading = asyncio.create_task(following(watch))
    await asyncio.wait((reading,), timeout=0.05)
    assert not reading.done()
    await models.write(cancelled("1"))
    assert (await reading).order.version == 3
    resume_from = ConsistencyToken(token=models.token(1))
    watch = stub.WatchOrder(queries.WatchOrderRequest(order_id="1", resume_from=resume_from))
    assert (await following(watch)).order.version == 3


async def test_an_order_that_is_not_there_can_not_be_watched(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS))
    refused = await refusal_of(following(stub.WatchOrder(queries.WatchOrderRequest(order_id="2"))))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.NOT_FOUND, "ORDER_NOT_FOUND")


async def test_a_watch_waits_for_the_token_of_the_order_just_placed(models: ReadModels, stub: Any) -> None:
    await models.write(registered("alice"))
    token = models.append(placed("1", MUGS))
    watch = stub.WatchOrder(queries.WatchOrderRequest(order_id="1", consistency=fresh(token)))
    reading = asyncio.create_task(following(watch))
    await models.catch_up()
    assert (await reading).order.version == 1


@pytest.mark.parametrize("rpc", ["WatchOrder", "WatchOrders"])
async def test_a_heartbeat_comes_while_nothing_changes(
    models: ReadModels, lively_stub: Any, rpc: str
) -> None:
    await models.write(placed("1", MUGS))
    one, all_ = queries.WatchOrderRequest(order_id="1"), queries.WatchOrdersRequest()
    watch = getattr(lively_stub, rpc)(one if rpc == "WatchOrder" else all_)
    assert not (await following(watch)).heartbeat
    for _ in range(2):
        response = await following(watch)
        assert response.heartbeat
        assert response.changes_through.token == models.token(1)
        assert response.freshness.position == 1
    await models.write(registered("alice"))
    while (response := await following(watch)).freshness.position == 1:
        assert response.heartbeat
    # The place to resume from moves on even when nothing watched has changed.
    assert response.changes_through.token == models.token(2)


async def test_all_that_meet_the_filters_come_first_then_changes_and_leavers(
    models: ReadModels, stub: Any
) -> None:
    await models.write(placed("1", MUGS), placed("2", MUGS), approved("2"), placed("3", MUGS))
    watch = stub.WatchOrders(queries.WatchOrdersRequest(status=PENDING))
    response = await following(watch)
    assert ({order.order_id for order in response.orders}, response.caught_up) == ({"1", "3"}, True)
    await models.write(approved("1"))
    response = await following(watch)
    assert (list(response.orders), list(response.left_order_ids)) == ([], ["1"])
    await models.write(placed("4", MUGS))
    response = await following(watch)
    assert [order.order_id for order in response.orders] == ["4"]
    assert response.caught_up


async def test_filters_that_never_change_are_skipped_in_silence(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS))
    late = instant(START + timedelta(days=1))
    watches = [
        stub.WatchOrders(queries.WatchOrdersRequest(customer_id="bob")),
        stub.WatchOrders(queries.WatchOrdersRequest(placed_from=late)),
    ]
    for watch in watches:
        response = await following(watch)
        assert (len(response.orders), response.caught_up) == (0, True)
    await models.write(approved("1"), cancelled("1"))
    await models.write(placed("2", MUGS, customer_id="bob", at=START + timedelta(days=2)))
    for watch in watches:
        response = await following(watch)
        assert ([order.order_id for order in response.orders], list(response.left_order_ids)) == (["2"], [])


async def test_nothing_that_meets_the_filters_is_said_at_once(models: ReadModels, stub: Any) -> None:
    await models.catch_up()
    response = await following(stub.WatchOrders(queries.WatchOrdersRequest()))
    assert (len(response.orders), response.caught_up, response.heartbeat) == (0, True, False)


async def test_a_follower_that_resumes_again_and_again_knows_every_order(
    valkey: TestValkey, models: ReadModels
) -> None:
    """It keeps what it was told and nothing else; at the end that is what meets the filters."""
    history = History(random.Random(31))  # noqa: S311 - a test's dice
    request = queries.WatchOrdersRequest(status=PENDING)
    models.append(*history.beginning())
    for messages in history.place_many(30):
        models.append(*messages)
    await models.catch_up()
    known: dict[str, int] = {}
    async with (
        read_service(valkey, heartbeat_seconds=0.05) as one,
        read_service(valkey, heartbeat_seconds=0.05) as other,
    ):
        for turn in range(40):
            watch = (one, other)[turn % 2].WatchOrders(request)
            for _ in range(turn % 3 + 1):
                for messages in history.steps(3):
                    models.append(*messages)
                await models.catch_up()
                _note(known, request, await following(watch))
            watch.cancel()
        through = models.position
        while _position(models, request.resume_from.token) < through:
            watch = one.WatchOrders(request)
            _note(known, request, await following(watch))
            watch.cancel()
    expected = {id_: each.version for id_, each in history.orders.items() if meets(request)(each)}
    assert known == expected


def _note(known: dict[str, int], request: Any, response: Any) -> None:
    known.update({order.order_id: order.version for order in response.orders})
    for id_ in response.left_order_ids:
        known.pop(id_, None)
    request.resume_from.CopyFrom(response.changes_through)


def _position(models: ReadModels, token: str) -> int:
    return next(place for place in range(models.position + 1) if models.token(place) == token)


async def test_a_watch_goes_on_through_a_rebuild(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS), approved("1"))
    watch = stub.WatchOrder(queries.WatchOrderRequest(order_id="1"))
    assert (await following(watch)).order.version == 2
    await models.rebuild()
    await models.catch_up(limit=1)
    await models.write(cancelled("1"))
    assert (await following(watch)).order.version == 3


async def test_a_watch_of_a_history_that_is_over_ends(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS))
    watch = stub.WatchOrder(queries.WatchOrderRequest(order_id="1"))
    await following(watch)
    models.log.epoch = uuid4()
    await models.rebuild()
    refused = await refusal_of(following(watch))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "EPOCH_CHANGED")


async def test_a_draining_read_service_ends_its_watches(valkey: TestValkey, models: ReadModels) -> None:
    await models.write(placed("1", MUGS))
    async with read_service(valkey, drain_seconds=5.0) as (stub):
        watch = stub.WatchOrders(queries.WatchOrdersRequest())
        await following(watch)
        reading = asyncio.create_task(watch.read())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await asyncio.wait_for(reading, LIMIT_SECONDS)
    refused = Refused(caught.value)
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    assert refused.retry_seconds > 0
