"""Parts of a running stack that stop or crash: what callers are told meanwhile, and what is left after."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1 import order_query_service_pb2 as queries

from tests.end_to_end.declared import declared_codes, fault_of
from tests.end_to_end.shop import (
    AT_ONCE_SECONDS,
    COMMANDS,
    DEADLINE_SECONDS,
    EVENT_LOG,
    FAMILY_COMMANDS,
    FAMILY_QUERIES,
    PROCESSES,
    PROJECTIONS,
    QUERIES,
    Reader,
    Shop,
    head_of,
    health_of,
    including,
    new_id,
    newest,
    recorded_after,
)
from tests.end_to_end.steady_load import SteadyLoad, steady_load
from tests.services.kit_service import Refused, refusal_of
from tests.services.write_services import a_context, place, receive
from tests.stack import Stack
from tests.waiting import eventually

_COMMANDS_MEANWHILE = 50
# A watch that slept through the outage would wake up by its heartbeat, after 15 seconds.
_SOONER_THAN_A_HEARTBEAT_SECONDS = 10.0
_SHORT_SECONDS = 0.5
_WAYS = ["stop_part", "kill"]


@asynccontextmanager
async def _without(stack: Stack, part: str, way: str) -> AsyncIterator[None]:
    """The part is down within the block, and no other process is restarted for it."""
    pids = {name: stack.pid(name) for name in PROCESSES if name != part}
    getattr(stack, way)(part)
    try:
        yield
    finally:
        stack.start_part(part)
    assert {name: stack.pid(name) for name in pids} == pids


async def _health_becomes(shop: Shop, **expected: str) -> None:
    names = {
        "commands": COMMANDS,
        "family_commands": FAMILY_COMMANDS,
        "event_log": EVENT_LOG,
        "queries": QUERIES,
        "family_queries": FAMILY_QUERIES,
        "projections": PROJECTIONS,
    }

    async def is_so() -> bool:
        found = {key: await health_of(shop.services[names[key]], names[key]) for key in expected}
        return found == expected

    await eventually(is_so, seconds=DEADLINE_SECONDS)


async def _all_serve(shop: Shop) -> None:
    await _health_becomes(
        shop,
        **dict.fromkeys(("commands", "family_commands", "event_log"), "SERVING"),
        **dict.fromkeys(("queries", "family_queries", "projections"), "SERVING"),
    )


async def _product(reader: Reader, sku: str, **query: Any) -> Any:
    return await reader.orders.GetProduct(
        queries.GetProductRequest(sku=sku, **query), timeout=DEADLINE_SECONDS
    )


async def _answered(call: Awaitable[Any]) -> Any:
    """The answer; None from a read service that is not back yet."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        _check_unavailable(Refused(error), "READ_STORE_UNAVAILABLE", "PROJECTION_BEHIND")
        return None


async def _one_unit_of(shop: Shop, sku: str) -> None:
    written = await shop.write.product(sku, 1)
    await _product(shop.read, sku, consistency=including(written.receipt.token))


def _check_unavailable(refused: Refused, *reasons: str) -> None:
    assert refused.code is grpc.StatusCode.UNAVAILABLE, refused.message
    assert fault_of(refused, declared_codes()) is None
    assert refused.info.reason in reasons
    assert refused.retry_seconds > 0


@pytest.mark.parametrize("way", _WAYS)
async def test_without_postgres_commands_are_refused_at_once_and_queries_go_on(
    stack: Stack, shop: Shop, way: str
) -> None:
    sku = new_id("sku")
    await _one_unit_of(shop, sku)
    requests = [receive(sku) for _ in range(30)]
    async with _without(stack, "postgres", way):
        # Were each to wait for some timeout, all of them would take longer than this.
        async with asyncio.timeout(DEADLINE_SECONDS):
            for number, request in enumerate(requests):
                caller = (shop.write, shop.second_write)[number % 2]
                refused = await refusal_of(caller.orders.ReceiveStock(request, timeout=AT_ONCE_SECONDS))
                _check_unavailable(refused, "LOG_UNAVAILABLE", "COMMIT_OUTCOME_UNKNOWN")
        assert refused.info.reason == "LOG_UNAVAILABLE"
        assert (await _product(shop.read, sku)).product.received == 1
        await _health_becomes(shop, commands="NOT_SERVING", event_log="NOT_SERVING", queries="SERVING")
        await _health_becomes(shop, family_commands="NOT_SERVING", family_queries="SERVING")
        assert (await _product(shop.second_read, sku)).product.received == 1
    await _all_serve(shop)
    for request in requests:
        await shop.write.orders.ReceiveStock(request, timeout=DEADLINE_SECONDS)
    assert (await _product(shop.read, sku, consistency=newest())).product.received == 1 + len(requests)


@pytest.mark.parametrize("way", _WAYS)
async def test_nothing_acknowledged_is_lost_and_nothing_done_twice_when_postgres_goes_under_load(
    stack: Stack, shop: Shop, way: str
) -> None:
    before = await head_of(shop.write)
    async with steady_load(shop, [shop.write, shop.second_write]) as load:
        await load.more(_COMMANDS_MEANWHILE)
        async with _without(stack, "postgres", way):
            await load.refused(20)
        await load.more(_COMMANDS_MEANWHILE)
    await _check_once(shop, before, load)


@pytest.mark.parametrize("way", _WAYS)
async def test_without_valkey_queries_are_refused_at_once_and_commands_go_on(
    stack: Stack, shop: Shop, way: str
) -> None:
    before = await head_of(shop.write)
    async with steady_load(shop, [shop.write, shop.second_write]) as load:
        await load.more(_COMMANDS_MEANWHILE)
        async with _without(stack, "valkey", way):
            # Were each to wait for some timeout, all of them would take longer than this.
            async with asyncio.timeout(DEADLINE_SECONDS):
                for reader in (shop.read, shop.second_read) * 20:
                    query = queries.GetProductRequest(sku=load.sku)
                    refused = await refusal_of(reader.orders.GetProduct(query, timeout=AT_ONCE_SECONDS))
                    _check_unavailable(refused, "READ_STORE_UNAVAILABLE")
            for asked in (newest(), including(load.last_receipt.token)):
                query = queries.GetProductRequest(sku=load.sku, consistency=asked)
                refused = await refusal_of(shop.read.orders.GetProduct(query, timeout=AT_ONCE_SECONDS))
                _check_unavailable(refused, "READ_STORE_UNAVAILABLE")
            await load.more(_COMMANDS_MEANWHILE)
            await _health_becomes(shop, queries="NOT_SERVING", commands="SERVING", event_log="SERVING")
            await _health_becomes(shop, family_queries="NOT_SERVING", family_commands="SERVING")
        await load.more(_COMMANDS_MEANWHILE)
    await _all_serve(shop)
    assert load.refusals == []
    await _check_once(shop, before, load)


async def test_a_valkey_that_says_nothing_holds_up_no_command_and_no_query_beyond_its_deadline(
    stack: Stack, shop: Shop
) -> None:
    before = await head_of(shop.write)
    async with steady_load(shop, [shop.write]) as load:
        await load.more(_COMMANDS_MEANWHILE)
        with stack.frozen("valkey"):
            query = queries.GetProductRequest(sku=load.sku)
            refused = await refusal_of(shop.read.orders.GetProduct(query, timeout=_SHORT_SECONDS))
            assert refused.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            await load.more(_COMMANDS_MEANWHILE)
        await load.more(_COMMANDS_MEANWHILE)
    await _all_serve(shop)
    assert load.refusals == []
    await _check_once(shop, before, load)


@pytest.mark.parametrize("way", _WAYS)
async def test_a_watch_misses_nothing_of_an_outage_of_valkey(stack: Stack, shop: Shop, way: str) -> None:
    customer, sku = new_id("customer"), new_id("sku")
    await shop.write.customer(customer)
    await shop.write.product(sku, 10)
    placed = await shop.write.orders.PlaceOrder(place(customer, {sku: 1}), timeout=DEADLINE_SECONDS)
    request = queries.WatchOrderRequest(order_id=placed.order_id, consistency=including(placed.receipt.token))
    versions: list[int] = []
    watching = asyncio.create_task(_watch(shop.read, request, versions, until_version=3))

    async def is_watched() -> bool:
        return versions == [1]

    await eventually(is_watched)
    approve = commands.ApproveOrderRequest(context=a_context(), order_id=placed.order_id, approved_by="Ben")
    async with _without(stack, "valkey", way):
        await shop.write.orders.ApproveOrder(approve, timeout=DEADLINE_SECONDS)
    cancel = commands.CancelOrderRequest(context=a_context(), order_id=placed.order_id, reason="late")
    cancelled = await shop.write.orders.CancelOrder(cancel, timeout=DEADLINE_SECONDS)
    # However long the way back takes: with this answer the read service knows what the watch waits for.
    query = queries.GetOrderRequest(order_id=placed.order_id, consistency=including(cancelled.receipt.token))
    await eventually(lambda: _answered(shop.read.orders.GetOrder(query, timeout=DEADLINE_SECONDS)))
    async with asyncio.timeout(_SOONER_THAN_A_HEARTBEAT_SECONDS):
        await watching
    # Of two changes close together the last one may stand for both: a watch is of state.
    assert versions in ([1, 2, 3], [1, 3])


async def _watch(reader: Reader, request: Any, versions: list[int], *, until_version: int) -> None:
    """Follow an order to a version, and resume where an outage ends the watch."""
    while until_version not in versions:
        try:
            async for shown in reader.orders.WatchOrder(request, timeout=2 * DEADLINE_SECONDS):
                request.resume_from.CopyFrom(shown.changes_through)
                if not shown.heartbeat:
                    versions.append(shown.order.version)
                if until_version in versions:
                    return
        except grpc.aio.AioRpcError as error:
            _check_unavailable(Refused(error), "READ_STORE_UNAVAILABLE", "PROJECTION_BEHIND")
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("process", ["write_service", "projector", "read_service"])
async def test_a_process_killed_under_load_loses_nothing_and_does_nothing_twice(
    stack: Stack, shop: Shop, process: str
) -> None:
    before = await head_of(shop.write)
    async with steady_load(shop, [shop.write]) as load:
        for _ in range(2):
            await load.more(_COMMANDS_MEANWHILE)
            # The read side has the load in it, so that there is something to lose.
            assert (await _read_back(shop.second_read, load)).product.received > 0
            async with _without(stack, process, "kill"):
                if process == "write_service":
                    await load.refused(5)
                else:
                    await load.more(_COMMANDS_MEANWHILE)
    await _all_serve(shop)
    await _check_once(shop, before, load)


async def _read_back(reader: Reader, load: SteadyLoad) -> Any:
    """What a read service shows of the load, once it is back and has all that was acknowledged."""
    token = load.last_receipt.token
    return await eventually(lambda: _answered(_product(reader, load.sku, consistency=including(token))))


async def _check_once(shop: Shop, before: int, load: SteadyLoad) -> None:
    """The log has each acknowledged command once, and both read services show their sum."""
    events = [event for event in await recorded_after(shop.write, before) if load.sku in event.stream]
    received = [event for event in events if event.type.endswith(".StockReceived")]
    assert _faults(received, load.acknowledged) == []
    # Sabotaged: books with one command more, and a log with one event twice, are found.
    assert _faults(received, [*load.acknowledged, "another"]) == ["another"]
    assert _faults([*received, received[0]], load.acknowledged) == [received[0].command_id]
    for reader in (shop.read, shop.second_read):
        shown = await _read_back(reader, load)
        assert shown.product.received == len(load.acknowledged)
        assert shown.product.version == len(events)


def _faults(events: Iterable[Any], acknowledged: Iterable[str]) -> list[str]:
    """Commands that are not exactly once in the log, and events of commands that nobody knows of."""
    recorded, known = Counter(event.command_id for event in events), set(acknowledged)
    return sorted(each for each in known | recorded.keys() if recorded[each] != 1 or each not in known)
