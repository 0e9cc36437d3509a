"""EventLogService: the whole log, one stream, and what comes next, each reader at its own pace."""

import asyncio
from typing import Any

import grpc
from diptych.eventlog.v1 import event_log_service_pb2 as log_messages
from diptych.orders.v1.events_pb2 import StockReceived

from event_store import EventLog, EventStore
from tests.postgres_server import LogDatabase
from tests.services.kit_service import all_of, refusal_of
from tests.services.write_services import Caller, receive, whole_log, write_service
from tests.waiting import DEADLINE_SECONDS, eventually
from write_service.event_log_service import EventLogService
from write_service.live_log import LiveLog


async def _filled(caller: Caller, deliveries: int = 6) -> None:
    """Two products, and deliveries to them by turns; those to the jar have a correlation id."""
    await caller.product("cup")
    await caller.product("jar")
    for number in range(deliveries):
        await caller.orders.ReceiveStock(
            receive("jar", correlation_id="work-1") if number % 2 else receive("cup")
        )


def _positions(responses: list[Any]) -> list[int]:
    return [event.position for response in responses for event in response.events]


async def test_a_stream_is_read_both_ways_from_any_version(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await _filled(caller)

        async def versions(**fields: Any) -> list[int]:
            request = log_messages.ReadStreamRequest(stream="product-cup", **fields)
            return [
                event.version
                for each in await all_of(caller.log.ReadStream(request))
                for event in each.events
            ]

        backwards = log_messages.DIRECTION_BACKWARDS
        assert await versions() == [1, 2, 3, 4]
        assert await versions(from_version=3) == [3, 4]
        assert await versions(from_version=2, limit=2) == [2, 3]
        assert await versions(direction=backwards) == [4, 3, 2, 1]
        assert await versions(direction=backwards, from_version=3, limit=2) == [3, 2]
        assert await versions(from_version=9) == []
        unknown = caller.log.ReadStream(log_messages.ReadStreamRequest(stream="product-none"))
        refused = await refusal_of(all_of(unknown))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.NOT_FOUND, "STREAM_NOT_FOUND")


async def test_an_event_carries_its_payload_and_where_it_comes_from(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await _filled(caller, 2)
        [page] = await all_of(caller.log.ReadAll(log_messages.ReadAllRequest(after_position=3)))
    [event] = page.events
    stored = (await whole_log(log_database))[3]
    assert (event.type, event.stream, event.category) == (
        "diptych.orders.v1.StockReceived",
        "product-jar",
        "product",
    )
    assert (event.event_id, event.command_id) == (str(stored.event_id), str(stored.command_id))
    assert (event.correlation_id, event.actor) == ("work-1", stored.actor)
    payload = StockReceived()
    assert event.payload.Unpack(payload)
    assert (payload.sku, payload.quantity) == ("jar", 1)


async def test_the_whole_log_is_read_with_filters_and_limits(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await _filled(caller)

        async def positions(after: int = 0, limit: int = 0, **wanted: Any) -> list[int]:
            request = log_messages.ReadAllRequest(
                after_position=after, limit=limit, filter=log_messages.EventFilter(**wanted)
            )
            responses = await all_of(caller.log.ReadAll(request))
            assert limit or responses[-1].position == responses[-1].head == 8
            return _positions(responses)

        assert await positions() == list(range(1, 9))
        assert await positions(after=2, limit=3) == [3, 4, 5]
        assert await positions(correlation_id="work-1") == [4, 6, 8]
        assert await positions(event_types=["diptych.orders.v1.ProductRegistered"]) == [1, 2]
        assert await positions(categories=["order"]) == []
        assert await positions(categories=["product"], correlation_id="work-1", after=4) == [6, 8]


async def test_a_subscriber_catches_up_and_then_follows_without_gap_or_twin(
    log_database: LogDatabase,
) -> None:
    async with write_service(log_database) as caller, write_service(log_database) as other:
        await _filled(caller, 50)
        seen: list[int] = []
        caught_up: list[int] = []

        async def follow(after: int) -> None:
            request = log_messages.SubscribeRequest(after_position=after)
            async for response in caller.log.Subscribe(request):
                seen.extend(event.position for event in response.events)
                if response.caught_up:
                    caught_up.append(response.position)
                if seen and seen[-1] == 352:
                    return

        async with asyncio.timeout(DEADLINE_SECONDS):
            following = asyncio.create_task(follow(0))
            for _ in range(100):
                await asyncio.gather(*(each.orders.ReceiveStock(receive("cup")) for each in (caller, other)))
                await other.orders.ReceiveStock(receive("jar"))
            await following
    assert seen == list(range(1, 353))
    assert caught_up[-1] == 352


async def test_a_subscriber_with_a_filter_is_told_how_far_was_looked(log_database: LogDatabase) -> None:
    async with write_service(log_database) as caller:
        await _filled(caller)
        wanted = log_messages.EventFilter(event_types=["diptych.orders.v1.ProductRegistered"])
        call = caller.log.Subscribe(log_messages.SubscribeRequest(filter=wanted))
        first = await call.read()
        assert ([event.position for event in first.events], first.position, first.caught_up) == (
            [1, 2],
            8,
            True,
        )
        await caller.orders.ReceiveStock(receive("cup"))
        await caller.product("pot")
        second = await call.read()
        assert ([event.position for event in second.events], second.position) == ([10], 10)
        call.cancel()


async def test_a_quiet_log_is_told_by_heartbeats(log_database: LogDatabase) -> None:
    store, log = EventStore(log_database.writer_url), EventLog(log_database.projector_url)
    live = LiveLog(log)
    service = EventLogService(store, log, live, heartbeat_seconds=0.05)
    responses = service.subscribe(log_messages.SubscribeRequest(), None)  # type: ignore[arg-type] # not used
    mark, beat = [log_messages.SubscribeResponse.FromString(await anext(responses)) for _ in range(2)]
    assert (mark.caught_up, mark.heartbeat) == (True, False)
    assert (beat.heartbeat, beat.position, beat.head) == (True, 0, 0)
    await responses.aclose()
    await live.close()
    await store.close()
    await log.close()


class _Behind(LiveLog):
    """Has seen where the log ended, and gets no further."""

    async def _read(self) -> bool:
        if self._epoch is not None:
            await asyncio.Event().wait()
        return await super()._read()


async def test_a_subscriber_that_has_seen_more_than_the_memory_is_served_from_the_log(
    log_database: LogDatabase,
) -> None:
    store, log = EventStore(log_database.writer_url), EventLog(log_database.projector_url)
    live = _Behind(log)
    live.start()

    async def has_begun() -> bool:
        return live.after(0, 1) is not None

    await eventually(has_begun)
    async with write_service(log_database) as caller:
        position = (await caller.product("cup", 1)).receipt.position
    service = EventLogService(store, log, live)
    responses = service.subscribe(
        log_messages.SubscribeRequest(after_position=position),
        None,  # type: ignore[arg-type] # not used
    )
    mark = log_messages.SubscribeResponse.FromString(await anext(responses))
    assert (mark.position, mark.caught_up) == (await _head(log), True)
    await responses.aclose()
    await live.close()
    await store.close()
    await log.close()


async def test_a_subscriber_that_does_not_read_holds_nobody_back(log_database: LogDatabase) -> None:
    """It falls out of the memory that feeds the others, and then reads from the database for itself."""
    store, log = EventStore(log_database.writer_url), EventLog(log_database.projector_url)
    live = LiveLog(log, most_events=20)
    service = EventLogService(store, log, live)

    async def positions(responses: Any, until: int) -> list[int]:
        found: list[int] = []
        while not found or found[-1] < until:
            response = log_messages.SubscribeResponse.FromString(await anext(responses))
            found += [event.position for event in response.events]
        return found

    async with write_service(log_database) as caller, asyncio.timeout(DEADLINE_SECONDS):
        await caller.product("cup", 1)
        slow, quick = (
            service.subscribe(log_messages.SubscribeRequest(), None)  # type: ignore[arg-type] # not used
            for _ in range(2)
        )
        assert await positions(slow, 2) == [1, 2]
        for _ in range(5):
            reading = asyncio.create_task(positions(quick, (await _head(log)) + 30))
            for _ in range(30):
                await caller.orders.ReceiveStock(receive("cup"))
            await reading
        assert live.after(2, 1) is None, "the slow one is still in memory: the test shows nothing"
        assert await positions(slow, 152) == list(range(3, 153))
    for each in (slow, quick):
        await each.aclose()
    await live.close()
    await store.close()
    await log.close()


async def _head(log: EventLog) -> int:
    return (await log.head()).position
