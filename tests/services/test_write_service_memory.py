"""What a write service keeps of streams: snapshots, and a memory of bounded size."""

import asyncio
from typing import Any

import psycopg
import pytest

from tests.postgres_server import LogDatabase
from tests.services.write_services import Caller, note_loads, place, receive, write_service
from tests.waiting import DEADLINE_SECONDS, eventually
from write_service import command_handler, snapshots


async def _snapshot_version(database: LogDatabase) -> int:
    async with await psycopg.AsyncConnection.connect(database.admin_url) as connection:
        found = await connection.execute("SELECT max(version) FROM event_log.snapshots")
        row: Any = await found.fetchone()
        return int(row[0] or 0)


async def _long_stream(caller: Caller, monkeypatch: pytest.MonkeyPatch, database: LogDatabase) -> None:
    monkeypatch.setattr(snapshots, "EVERY_VERSIONS", 10)
    await caller.product("cup", 1)
    for _ in range(25):
        await caller.orders.ReceiveStock(receive("cup"))
    await eventually(lambda: _reached(database, 20))


async def _reached(database: LogDatabase, version: int) -> bool:
    return await _snapshot_version(database) >= version


async def test_a_long_stream_is_loaded_from_its_snapshot(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = note_loads(monkeypatch)
    async with write_service(log_database) as caller:
        await _long_stream(caller, monkeypatch, log_database)
    read.clear()
    async with write_service(log_database) as caller:
        answer = await caller.orders.ReceiveStock(receive("cup"))
    assert (answer.available, answer.receipt.version) == (27, 28)
    events, snapshot = read[0]["product-cup"]
    assert snapshot is not None
    assert snapshot[0] >= 20
    assert snapshot[0] + len(events) == answer.receipt.version - 1


async def test_a_snapshot_of_another_shape_is_not_used(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with write_service(log_database) as caller:
        await _long_stream(caller, monkeypatch, log_database)
    with psycopg.connect(log_database.admin_url) as connection:
        connection.execute('UPDATE event_log.snapshots SET state = \'{"received": "many"}\'')
    async with write_service(log_database) as caller:
        answer = await caller.orders.ReceiveStock(receive("cup"))
    assert (answer.available, answer.receipt.version) == (27, 28)


async def test_a_memory_smaller_than_a_command_works_all_the_same(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_handler.CommandHandler.__init__, "__kwdefaults__", {"cached_streams": 2})
    async with write_service(log_database) as caller:
        for number in range(12):
            await caller.product(f"cup-{number}", 1)
        for number in range(12):
            answer = await caller.orders.ReceiveStock(receive(f"cup-{number}"))
            assert answer.available == 2
        await caller.customer("anna")
        async with asyncio.timeout(DEADLINE_SECONDS):
            await caller.orders.PlaceOrder(place("anna", {f"cup-{number}": 1 for number in range(12)}))
