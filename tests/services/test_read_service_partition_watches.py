"""Watches and histories over partitions: each change once, none missed, no answer of two histories."""

import asyncio
import contextlib
import random
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from diptych.orders.v1 import order_query_service_pb2 as queries

from read_store import partition_of, partitions
from tests.services.kit_service import refusal_of
from tests.services.order_read_models import order_ids, pages_of
from tests.services.split_models import PARTITIONS, Split
from tests.services.watching import begin, following
from tests.waiting import eventually


async def test_a_watch_tells_each_change_once_though_partitions_drift(split: Split) -> None:
    split.place(40)
    await split.models.catch_up()
    chance, seen = random.Random(41), Counter[tuple[str, int]]()  # noqa: S311 - a test's dice
    call = begin(split.split, queries.WatchOrdersRequest())
    newest: dict[str, int] = {}
    for turn in range(30):
        split.change(1)
        await (split.models.drift(chance) if turn < 29 else split.models.catch_up())
    while newest != {order.order_id: order.version for order in split.history.orders.values()}:
        for order in (batch := await following(call)).orders:
            seen[order.order_id, order.version] += 1
            assert order.version > newest.get(order.order_id, 0)
            newest[order.order_id] = order.version
        assert batch.freshness.position <= split.models.log.head
    call.cancel()
    assert set(seen.values()) == {1}


async def _watched(split: Split, *, seconds: float) -> dict[str, int]:
    """The newest versions that a watch has told when it has been silent for so long."""
    split.place(40)
    await split.models.catch_up()
    chance, newest = random.Random(43), dict[str, int]()  # noqa: S311 - a test's dice
    call = begin(split.split, queries.WatchOrdersRequest())
    telling = asyncio.create_task(_take(call, newest, seconds))

    async def has_all() -> bool:
        return len(newest) >= 40

    await eventually(has_all)
    for turn in range(60):
        split.change(1)
        await (split.models.drift(chance) if turn < 59 else split.models.catch_up())
    await telling
    call.cancel()
    return newest


async def _take(call: Any, newest: dict[str, int], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        while True:
            async with asyncio.timeout(seconds):
                batch = await call.read()
            newest |= {order.order_id: order.version for order in batch.orders}


async def test_a_watch_by_the_partition_that_is_first_misses_changes(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotaged twin: what a partition has not come to yet is taken for told."""
    monkeypatch.setattr(
        partitions, "merge_checkpoints", lambda parts: max(parts, key=lambda part: part.position)
    )
    newest = await _watched(split, seconds=5.0)
    assert newest != {order.order_id: order.version for order in split.history.orders.values()}


async def test_partitions_of_two_histories_make_no_answer_together(split: Split) -> None:
    order_ids_ = split.place(30)
    await split.models.catch_up()
    split.models.log.epoch = uuid4()
    await split.models.parts[0].rebuild()
    await split.models.parts[0].catch_up()
    refused = await refusal_of(pages_of(split.split, queries.ListOrdersRequest()))
    assert refused.info.reason == "PROJECTION_BEHIND"
    for order_id in order_ids_:
        await split.split.GetOrder(queries.GetOrderRequest(order_id=order_id))
    for models in split.models.parts[1:]:
        await models.rebuild()
        await models.catch_up()
    assert set(await order_ids(split.split, queries.ListOrdersRequest())) == order_ids_


async def test_a_watch_of_one_order_follows_its_own_partition_alone(split: Split) -> None:
    (order_id,) = split.place(1)
    await split.models.catch_up()
    call = begin(split.split, queries.WatchOrderRequest(order_id=order_id))
    assert (await following(call)).order.version == 1
    split.models.append(*split.history.move())
    await split.models.parts[partition_of(f"order-{order_id}", PARTITIONS)].catch_up()
    changed = await following(call)
    assert (changed.order.version, changed.freshness.position) == (2, split.models.log.head)
    call.cancel()
