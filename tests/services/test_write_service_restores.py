"""What a write service remembers of a log that was restored never decides a command."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import grpc
import pytest
from diptych.eventlog.v1 import event_log_service_pb2 as log_messages

from event_store import EventLog, EventStore
from tests.postgres_server import LogDatabase
from tests.services.kit_service import refusal_of
from tests.services.write_services import Caller, place, receive, write_service
from tests.stores.restores import put_back, trust_every_history
from tests.waiting import eventually
from write_service.event_log_service import EventLogService
from write_service.live_log import LiveLog, Tail


async def _stocked_then_restored(database: LogDatabase, service: Caller, other: Caller) -> None:
    """The service remembers 10 cups; the log was put back, and by another process's word has 1, as old."""
    await service.customer("anna")
    await service.product("cup")
    before = await service.orders.ReceiveStock(receive("cup", 1))
    received = await service.orders.ReceiveStock(receive("cup", 9))
    put_back(database, before.receipt.position)
    again = await other.orders.ReceiveStock(receive("cup", 1))
    assert again.receipt.version == received.receipt.version


async def _settled(service: Caller, request: Any) -> Any:
    """The answer or the refusal, as soon as it is another one than to come again."""

    async def look() -> Any:
        try:
            return await service.orders.PlaceOrder(request)
        except grpc.aio.AioRpcError as error:
            return None if error.code() is grpc.StatusCode.UNAVAILABLE else error

    return await eventually(look)


async def test_stock_that_a_restore_took_away_is_not_sold(log_database: LogDatabase) -> None:
    async with write_service(log_database) as service, write_service(log_database) as other:
        await _stocked_then_restored(log_database, service, other)
        refused = await _settled(service, place("anna", {"cup": 5}))
        assert isinstance(refused, grpc.aio.AioRpcError)
        assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
        answer = await service.orders.PlaceOrder(place("anna", {"cup": 2}))
        assert answer.receipt.version == 1


async def test_without_the_check_it_is_sold(log_database: LogDatabase) -> None:
    """The sabotaged twin: the versions are right, the memory is not."""
    trust_every_history(log_database)
    async with write_service(log_database) as service, write_service(log_database) as other:
        await _stocked_then_restored(log_database, service, other)
        answer = await _settled(service, place("anna", {"cup": 5}))
        assert not isinstance(answer, grpc.aio.AioRpcError)


@pytest.mark.parametrize("units", [2, 5])
async def test_a_refusal_is_not_decided_on_what_is_gone_either(log_database: LogDatabase, units: int) -> None:
    """The other way round: the service remembers less than the log has now."""
    async with write_service(log_database) as service, write_service(log_database) as other:
        await service.customer("anna")
        await service.product("cup")
        before = await service.orders.ReceiveStock(receive("cup", 1))
        await service.orders.ReceiveStock(receive("cup", 1))
        put_back(log_database, before.receipt.position)
        await other.orders.ReceiveStock(receive("cup", 9))
        answer = await _settled(service, place("anna", {"cup": units}))
        assert not isinstance(answer, grpc.aio.AioRpcError), answer


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_subscriber_never_goes_on_in_another_history(
    log_database: LogDatabase, is_told: bool
) -> None:
    async with write_service(log_database) as service, write_service(log_database) as other:
        await service.product("cup")
        for _ in range(4):
            last = await service.orders.ReceiveStock(receive("cup"))
        stream = service.log.Subscribe(log_messages.SubscribeRequest(after_position=0))
        told = await anext(aiter(stream))
        while not told.caught_up:
            told = await anext(aiter(stream))
        put_back(log_database, last.receipt.position - 2, with_new_epoch=is_told)
        for _ in range(3):
            await other.orders.ReceiveStock(receive("cup"))
        refused = await refusal_of(_nothing_but_heartbeats(stream))
        assert refused.info.reason == "EPOCH_CHANGED"
        common = dict(refused.info.metadata).get("last_common_position")
        assert common == (str(last.receipt.position - 2) if is_told else None)


async def _nothing_but_heartbeats(stream: Any) -> None:
    async for response in stream:
        assert not response.events


class _OfAnyEpoch(LiveLog):
    """The guard is off: what is in memory is of whichever history is asked for."""

    epoch: UUID | None = None

    def after(self, position: int, limit: int) -> Tail | None:
        tail = super().after(position, limit)
        return replace(tail, epoch=self.epoch) if tail and self.epoch else tail


@pytest.mark.parametrize("is_guarded", [True, False])
async def test_a_new_subscriber_is_told_nothing_of_a_history_that_is_still_in_memory(
    log_database: LogDatabase, is_guarded: bool
) -> None:
    """With its sabotaged twin: the process has not noticed the restore yet."""
    store, log = EventStore(log_database.writer_url), EventLog(log_database.projector_url)
    live = LiveLog(log) if is_guarded else _OfAnyEpoch(log)
    try:
        async with write_service(log_database) as caller:
            live.start()
            await eventually(lambda: _holds(live, 0))
            before = (await caller.product("cup")).receipt
            await caller.orders.ReceiveStock(receive("cup", 9))
            await eventually(lambda: _holds(live, 2))
            await live.close()
        put_back(log_database, before.position, with_new_epoch=True)
        async with write_service(log_database) as caller:
            kept = await caller.product("jar")
        if isinstance(live, _OfAnyEpoch):
            live.epoch = (await log.head()).epoch
        subscribing = EventLogService(store, log, live).subscribe(
            log_messages.SubscribeRequest(),
            None,  # type: ignore[arg-type] # not used
        )
        told = log_messages.SubscribeResponse.FromString(await anext(subscribing))
        streams = [event.stream for event in told.events]
        assert (kept.receipt.stream in streams) is is_guarded
        await subscribing.aclose()
    finally:
        await live.close()
        await store.close()
        await log.close()


async def _holds(live: LiveLog, events: int) -> bool:
    tail = live.after(0, events + 1)
    return tail is not None and len(tail.events) == events
