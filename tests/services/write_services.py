"""Write services to test, in this process or as their own, over real ports and on a real log."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import grpc
import pytest
from diptych.command.v1.command_pb2 import CommandContext
from diptych.eventlog.v1.event_log_service_pb2_grpc import EventLogServiceStub
from diptych.families.v1.family_command_service_pb2_grpc import FamilyCommandServiceStub
from diptych.orders.v1 import events_pb2
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1.order_command_service_pb2_grpc import OrderCommandServiceStub

from event_store import EventLog, EventStore, LoadedStream, StoredEvent
from service_kit.settings import Settings
from tests.postgres_server import LogDatabase
from tests.waiting import DEADLINE_SECONDS
from write_service.app import WriteService

TOKEN_KEY = "5a" * 32


class Caller:
    """A client of one write service."""

    def __init__(self, channel: grpc.aio.Channel, address: str) -> None:
        self.channel = channel
        self.channel_address = address
        # Any: the generated stub is typed for synchronous channels too, and its unions hide the messages.
        self.orders: Any = OrderCommandServiceStub(channel)
        self.families: Any = FamilyCommandServiceStub(channel)
        self.log: Any = EventLogServiceStub(channel)

    async def customer(self, customer_id: str) -> Any:
        """Register a customer."""
        request = commands.RegisterCustomerRequest(
            context=a_context(), customer_id=customer_id, name="Anna", email="anna@example.com"
        )
        return await self.orders.RegisterCustomer(request)

    async def product(self, sku: str, stock: int = 0) -> Any:
        """Register a product, with stock."""
        answer = await self.orders.RegisterProduct(
            commands.RegisterProductRequest(
                context=a_context(), sku=sku, name=sku, unit_price_cents=100, currency_code="EUR"
            )
        )
        return await self.orders.ReceiveStock(receive(sku, stock)) if stock else answer


class WriteProcess:
    """A write service as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, channel: grpc.aio.Channel) -> None:
        self._process = process
        self.address = address
        self.caller = Caller(channel, address)

    async def kill(self) -> None:
        """kill -9, over when the process is gone."""
        self._process.kill()
        await self._process.wait()


def a_context(command_id: str = "", **fields: Any) -> CommandContext:
    """The context of a command, with an id of its own unless given."""
    return CommandContext(command_id=command_id or str(uuid4()), **fields)


def receive(sku: str, quantity: int = 1, **context: Any) -> commands.ReceiveStockRequest:
    """A ReceiveStock command."""
    return commands.ReceiveStockRequest(context=a_context(**context), sku=sku, quantity=quantity)


def place(customer_id: str, units: dict[str, int], **context: Any) -> commands.PlaceOrderRequest:
    """A PlaceOrder command."""
    items = [commands.OrderItemRequest(sku=sku, quantity=quantity) for sku, quantity in units.items()]
    return commands.PlaceOrderRequest(context=a_context(**context), customer_id=customer_id, items=items)


def without_replayed(answer: Any) -> Any:
    """The answer as it was the first time."""
    copy = type(answer)()
    copy.CopyFrom(answer)
    copy.receipt.replayed = False
    return copy


def settings_for(database: LogDatabase) -> Settings:
    """Settings of a write service in this process, on a free port."""
    return Settings(
        write_address="127.0.0.1:0",
        metrics_address="",
        database_url=database.writer_url,
        token_key=TOKEN_KEY,
        drain_seconds=2.0,
        log_level="error",
    )


@asynccontextmanager
async def write_service(database: LogDatabase) -> AsyncIterator[Caller]:
    """A write service in this process."""
    service = WriteService(settings_for(database))
    await service.server.start()
    try:
        async with grpc.aio.insecure_channel(service.server.address) as channel:
            yield Caller(channel, service.server.address)
    finally:
        await service.server.stop(0)
        await service.close()


@asynccontextmanager
async def write_process(database: LogDatabase) -> AsyncIterator[WriteProcess]:
    """A write service as `python -m write_service`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "write_service",
        stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
            "DIPTYCH_WRITE_ADDRESS": "127.0.0.1:0",
            "DIPTYCH_METRICS_ADDRESS": "",
            "DIPTYCH_DATABASE_URL": database.writer_url,
            "DIPTYCH_TOKEN_KEY": TOKEN_KEY,
            "DIPTYCH_LOG_LEVEL": "error",
        },
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(DEADLINE_SECONDS):
            line = (await process.stdout.readline()).decode().strip()
        assert line.startswith("diptych write service ready on "), line
        address = line.rpartition(" ")[2]
        async with grpc.aio.insecure_channel(address) as channel:
            yield WriteProcess(process, address, channel)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def whole_log(database: LogDatabase) -> list[StoredEvent]:
    """Every event, as a reader of the log sees it; positions are checked to have no gap."""
    log = EventLog(database.projector_url)
    try:
        events: list[StoredEvent] = []
        while True:
            page = await log.read(len(events), limit=5000)
            events += page.events
            if page.through == page.head:
                break
    finally:
        await log.close()
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    return events


def oversold(events: Iterable[StoredEvent]) -> dict[str, int]:
    """By sku, the units that were promised beyond what was there at any moment of the log."""
    available: Counter[str] = Counter()
    lowest: Counter[str] = Counter()
    for event in events:
        if event.category != "product":
            continue
        kind = event.type.rpartition(".")[2]
        if kind in ("StockReceived", "StockReserved", "StockReleased"):
            message: Any = getattr(events_pb2, kind).FromString(event.payload)
            available[message.sku] += -message.quantity if kind == "StockReserved" else message.quantity
            lowest[message.sku] = min(lowest[message.sku], available[message.sku])
    return {sku: -units for sku, units in lowest.items() if units < 0}


def note_loads(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, LoadedStream]]:
    """What write services of this process load from the log, round by round, from now on."""
    loads: list[dict[str, LoadedStream]] = []
    original = EventStore.load_streams

    async def noted(store: EventStore, *asked: Any) -> Any:
        loads.append(await original(store, *asked))
        return loads[-1]

    monkeypatch.setattr(EventStore, "load_streams", noted)
    return loads
