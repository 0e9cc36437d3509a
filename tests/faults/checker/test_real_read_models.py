"""The checker on real stores: it follows a projector at work, and sees what a hand or a missing guard did."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import redis

from projector.orders import ORDERS
from read_store import LIBRARY, Batch, Fenced, Library, ReadModelWriter, compose, read_sources
from tests.faults.checker.check import violations
from tests.faults.checker.real_shop import RealShop, a_real_shop
from tests.faults.checker.tracing import trace_batches, traced
from tests.order_events import registered
from tests.postgres_server import LogDatabase
from tests.valkey_server import TestValkey

Edit = Callable[["redis.Redis", str], object]

_GUARD = "local function refuse_write("
_UNGUARDED = compose(read_sources().replace(_GUARD, f"{_GUARD}) end\nlocal function unused("))


@pytest.fixture
async def shop(log_database: LogDatabase, own_valkey: TestValkey) -> AsyncIterator[RealShop]:
    async with a_real_shop(log_database, own_valkey) as opened:
        yield opened


async def test_read_models_equal_the_log_at_every_look(shop: RealShop) -> None:
    trace_batches(shop.valkey.admin_url)
    looks = []
    async with shop.projecting(batch_limit=7):
        filling = asyncio.create_task(shop.fill(seed=1, steps=120))
        while not filling.done():
            looks += [dump for dump in await asyncio.to_thread(shop.look) if dump.checkpoint]
        await filling
        await shop.caught_up()
        final = shop.look()
    assert len({(dump.projection, dump.position) for dump in looks}) > 1
    assert all(dump.trace for dump in final)
    assert violations(shop.evidence(*looks, final=final)) == []


_EDITS: dict[str, tuple[str, Edit]] = {
    "a document is gone": ("d:order_summary", lambda client, key: client.hdel(key, _member(client, key))),
    "all documents are gone": ("d:customer", lambda client, key: client.delete(key)),
    "a document is another's": (
        "d:customer",
        lambda client, key: client.hset(key, "alice", client.hget(key, "bob")),
    ),
    "an order is gone from a list": ("i:placed", lambda client, key: client.zpopmin(key)),
    "an order has another place": (
        "i:total",
        lambda client, key: client.zadd(key, {_first(client, key): 1}),
    ),
    "a list is gone": ("i:total/customer/alice", lambda client, key: client.delete(key)),
    "a sum is another": ("t:customer_totals:bob", lambda client, key: client.hincrby(key, "orders", 1)),
    "a row is gone": ("t:orders:all", lambda client, key: client.delete(key)),
    "a row is not named": ("t:orders_by_customer", lambda client, key: client.zpopmin(key)),
    "a term is gone": ("x:search:terms", lambda client, key: client.zpopmin(key)),
    "a part of a term is gone": ("x:product_name:g:6d7567", lambda client, key: client.delete(key)),
    "the checkpoint is from before": (
        "checkpoint",
        lambda client, key: client.hset(key, "position", "20"),
    ),
    "the count of events is another": ("checkpoint", lambda client, key: client.hincrby(key, "events", 1)),
    "there is a key that nobody knows": ("z", lambda client, key: client.set(key, "1")),
}


def _member(client: "redis.Redis", key: str) -> Any:
    return min(client.hkeys(key))


def _first(client: "redis.Redis", key: str) -> Any:
    return client.zrange(key, 0, 0)[0]


async def test_what_a_hand_changed_is_seen(shop: RealShop) -> None:
    async with shop.projecting(ORDERS):
        await shop.fill(seed=2, steps=60)
        assert await shop.reader.reached("orders", shop.epoch, shop.position, 30)
    [dump, _] = shop.look()
    assert violations(shop.evidence(dump)) == []
    with redis.Redis.from_url(shop.valkey.admin_url) as client:
        for name, (place, edit) in _EDITS.items():
            key = f"diptych:{{orders:0}}:g{dump.generation}:{place}"
            before = client.dump(key)
            edit(client, key)
            [edited, _] = shop.look()
            found = violations(shop.evidence(edited))
            assert "C8" in {violation.check for violation in found}, name
            client.delete(key)
            if before is not None:
                client.restore(key, 0, before)
    [dump, _] = shop.look()
    assert violations(shop.evidence(dump)) == []


@pytest.mark.parametrize("library", [LIBRARY, _UNGUARDED], ids=["fenced", "without the fence"])
async def test_a_writer_that_lost_its_lease_is_seen_where_nothing_stops_it(
    shop: RealShop, library: Library
) -> None:
    """With the fence it has no effect; without it, its batch comes twice and the checker sees that."""
    await shop.append([registered("alice")])
    writer = ReadModelWriter(shop.valkey.projector_url, "orders", library=library)
    await writer.open()
    with redis.Redis.from_url(shop.valkey.admin_url) as client:
        client.function_load(traced(library.text), replace=True)
    old = await writer.acquire_lease("old", 0.0)
    new = await writer.acquire_lease("new", 30.0)
    assert old is not None
    assert new is not None
    generation, _ = await writer.new_generation(new, 1, shop.epoch)
    batch = _empty_batch(generation, shop.epoch)
    await writer.apply(new, batch)
    if library is LIBRARY:
        with pytest.raises(Fenced):
            await writer.apply(old, batch)
    else:
        await writer.apply(old, batch)
    await writer.close()
    [dump, _] = shop.look()
    seen = {violation.check for violation in violations(shop.evidence(dump))} - {"C8"}
    assert seen == (set() if library is LIBRARY else {"C7", "C13"})


def _empty_batch(generation: int, epoch: UUID) -> Batch:
    return Batch(
        generation=generation,
        epoch=epoch,
        after_position=0,
        position=1,
        anchor=UUID(int=1),
        as_of=datetime.now(UTC),
        head=1,
        events=1,
    )
