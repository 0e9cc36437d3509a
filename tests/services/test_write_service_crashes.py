"""Crashes: of the write service in the middle of its work, and of the log's database below it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2  # type: ignore[import-untyped] # ships no types

from local_stack.postgres import PostgresServer
from tests.postgres_server import LogDatabase, copy_of_log, prepare_log, server_settings
from tests.services.kit_service import refusal_of
from tests.services.write_services import (
    Caller,
    place,
    receive,
    whole_log,
    without_replayed,
    write_process,
    write_service,
)
from tests.waiting import DEADLINE_SECONDS, eventually

CALLERS, ORDERS_EACH = 16, 20


@pytest.fixture
async def own_log_database() -> AsyncIterator[LogDatabase]:
    """An empty log on a server of its own, which the test may stop."""
    with tempfile.TemporaryDirectory(prefix="diptych-postgres-") as folder:
        server = PostgresServer(Path(folder) / "postgres", server_settings())
        server.start()
        try:
            await prepare_log(server)
            yield copy_of_log(server)
        finally:
            server.stop()


async def _order_until_killed(
    caller: Caller, requests: list[Any], answers: dict[str, Any], enough: asyncio.Event
) -> None:
    for request in requests:
        try:
            answer = await caller.orders.PlaceOrder(request, timeout=DEADLINE_SECONDS)
        except grpc.aio.AioRpcError:
            return
        answers[request.context.command_id] = answer
        if len(answers) >= CALLERS * ORDERS_EACH // 3:
            enough.set()


async def test_what_was_answered_before_a_kill_is_in_the_log_and_the_rest_can_be_repeated(
    log_database: LogDatabase,
) -> None:
    requests = [[place("anna", {"cup": 1, "jar": 2}) for _ in range(ORDERS_EACH)] for _ in range(CALLERS)]
    answers: dict[str, Any] = {}
    enough = asyncio.Event()
    async with write_process(log_database) as process:
        await process.caller.customer("anna")
        await process.caller.product("cup", 1000)
        await process.caller.product("jar", 2000)
        calls = [
            asyncio.create_task(_order_until_killed(process.caller, own, answers, enough)) for own in requests
        ]
        await enough.wait()
        await process.kill()
        await asyncio.gather(*calls)
    whole = await _whole_orders(log_database)
    assert answers.keys() <= whole
    assert len(answers) < CALLERS * ORDERS_EACH, "the kill came too late to mean anything"
    async with write_service(log_database) as caller:
        for request in (request for own in requests for request in own):
            answer = await caller.orders.PlaceOrder(request)
            assert answer.receipt.replayed == (request.context.command_id in whole)
            first = answers.get(request.context.command_id)
            assert first is None or without_replayed(answer) == first
    assert len(await _whole_orders(log_database)) == CALLERS * ORDERS_EACH


async def _whole_orders(database: LogDatabase) -> set[str]:
    """The command ids in the log that placed an order; each has all of its three events, once."""
    types: dict[str, list[str]] = {}
    for event in await whole_log(database):
        types.setdefault(str(event.command_id), []).append(event.type.rpartition(".")[2])
    orders = {command_id: found for command_id, found in types.items() if "OrderPlaced" in found}
    assert all(found == ["OrderPlaced", "StockReserved", "StockReserved"] for found in orders.values())
    return set(orders)


async def test_a_stopped_database_is_told_at_once_and_its_return_needs_no_restart(
    own_log_database: LogDatabase,
) -> None:
    async with write_service(own_log_database) as caller:
        await caller.product("cup", 5)
        own_log_database.server.stop()
        known = receive("cup")
        # Were each to wait for some timeout, all of them would take longer than this.
        async with asyncio.timeout(DEADLINE_SECONDS):
            for request in (known, receive("jar"), *(receive("cup") for _ in range(30))):
                refused = await refusal_of(caller.orders.ReceiveStock(request))
                assert refused.code is grpc.StatusCode.UNAVAILABLE, refused.message
                assert refused.info.reason in ("LOG_UNAVAILABLE", "COMMIT_OUTCOME_UNKNOWN")
                assert refused.retry_seconds > 0
        await eventually(lambda: _serves(caller, is_serving=False))
        own_log_database.server.start()
        await eventually(lambda: _serves(caller, is_serving=True))
        answer = await caller.orders.ReceiveStock(known)
        assert (answer.available, answer.receipt.replayed) == (6, False)


async def test_a_service_starts_without_its_database_and_is_ready_when_that_comes(
    own_log_database: LogDatabase,
) -> None:
    own_log_database.server.stop()
    async with write_service(own_log_database) as caller:
        assert await _serves(caller, is_serving=False)
        refused = await refusal_of(caller.customer("anna"))
        assert refused.info.reason == "LOG_UNAVAILABLE"
        own_log_database.server.start()
        await eventually(lambda: _serves(caller, is_serving=True))
        await caller.customer("anna")


async def _serves(caller: Caller, *, is_serving: bool) -> bool:
    check = caller.channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        health_pb2.HealthCheckRequest.SerializeToString,
        health_pb2.HealthCheckResponse.FromString,
    )
    answer: Any = await check(health_pb2.HealthCheckRequest(service="diptych.orders.v1.OrderCommandService"))
    return bool((answer.status == health_pb2.HealthCheckResponse.SERVING) == is_serving)
