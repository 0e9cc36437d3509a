"""Appends of one event with version check and idempotency row, through event_store alone."""

import asyncio
import itertools
import time
import uuid

from bench.measuring import Values
from event_store import Append, Appended, EventLog, EventStore, NewEvent, StreamRead
from write_service.app import DOMAINS
from write_service.event_types import EventTypes

_TYPE = "diptych.orders.v1.StockReceived"
# As large as an event of one delivery with its reference.
_PAYLOAD = bytes(60)
_RESPONSE = bytes(20)
_POSITIONS_AT_ONCE = 5_000


async def append_alone(url: str, callers: int, warming_seconds: float, seconds: float) -> Values:
    """Appends a second by as many callers, each to a new stream at a time.

    Raises ValueError when the log has a gap or lacks an append.
    """
    store, log = EventStore(url), EventLog(url, connections=1)
    try:
        await EventTypes(store, log, [each for domain in DOMAINS for each in domain.deciders]).is_ready()
        before = (await log.head()).position
        begin = time.perf_counter() + warming_seconds
        times = await asyncio.gather(*[_caller(store, begin + seconds) for _ in range(callers)])
        await _check_positions(log, before, sum(len(each) for each in times))
    finally:
        await store.close()
        await log.close()
    counted = sum(begin <= at < begin + seconds for each in times for at in each)
    return {f"appends by {callers}": counted / seconds}


async def _caller(store: EventStore, end: float) -> list[float]:
    times = []
    for _ in itertools.takewhile(lambda _: time.perf_counter() < end, itertools.count()):
        stream = f"bench-{uuid.uuid4()}"
        outcome = await store.append(
            Append(
                command_id=uuid.uuid4(),
                fingerprint=_RESPONSE,
                response=_RESPONSE,
                stream=stream,
                reads=(StreamRead(stream=stream, version=0),),
                events=(NewEvent(stream=stream, category="bench", type=_TYPE, payload=_PAYLOAD),),
                actor="bench",
            )
        )
        if not isinstance(outcome, Appended):
            raise TypeError(f"an append was refused: {outcome}")
        times.append(time.perf_counter())
    return times


async def _check_positions(log: EventLog, before: int, appended: int) -> None:
    expected = before + 1
    while events := (await log.read(expected - 1, limit=_POSITIONS_AT_ONCE)).events:
        for event in events:
            if event.position != expected:
                raise ValueError(f"after position {expected - 1} comes {event.position}")
            expected += 1
    if expected - 1 - before != appended:
        raise ValueError(f"{appended} appends were acknowledged, {expected - 1 - before} are in the log")
