"""Following a log that is there already: into the read models of orders, or into nothing at all."""

import asyncio
import contextlib
import gc
import time
from dataclasses import replace

from bench.measuring import Values
from event_store import EventLog, LogPartition
from projector.app import OBJECTS_BETWEEN_COLLECTIONS
from projector.follower import BATCH_LIMIT
from projector.orders import ORDERS
from projector.pages import LogPages
from projector.runner import Runner
from read_store import HeadAnswers, ReadModelWriter, partition_names

_LOOK_SECONDS = 0.02
_TYPES = {event.DESCRIPTOR.full_name: event for event in ORDERS.events}


async def catch_up(  # noqa: PLR0917 - all named by the one who asks
    database_url: str,
    redis_url: str,
    name: str,
    through: int,
    seconds: float,
    partition: int = 0,
    partitions: int = 1,
) -> Values:
    """Positions a second into empty read models of one partition, from the first batch applied.

    Ends at a position of the log, or after so many seconds.
    """
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    partition_name = partition_names(name, partitions)[partition]
    log, writer = EventLog(database_url), ReadModelWriter(redis_url, partition_name)
    await log.open()
    await writer.open()
    runner = Runner(
        replace(ORDERS, name=name),
        log=log,
        writer=writer,
        answers=HeadAnswers(redis_url, partition_name),
        holder="bench",
        partition=LogPartition(partition, partitions) if partitions > 1 else None,
    )
    running = asyncio.create_task(runner.run())
    try:
        return {"catch-up": await _pace(writer, through, seconds)}
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await writer.close()
        await log.close()


async def _pace(writer: ReadModelWriter, through: int, seconds: float) -> float:
    first = await _looked(writer, 1, seconds)
    last = await _looked(writer, through, seconds)
    return (last[1] - first[1]) / (last[0] - first[0])


async def _looked(writer: ReadModelWriter, position: int, seconds: float) -> tuple[float, int]:
    """When the checkpoint reached a position, or the time was over, and where it stood then."""
    deadline = time.perf_counter() + seconds
    while True:
        reached = (await writer.checkpoint()).position
        now = time.perf_counter()
        if reached >= position or now >= deadline:
            return now, reached
        await asyncio.sleep(_LOOK_SECONDS)


async def decode_log(database_url: str, through: int, seconds: float) -> Values:
    """Events a second, read in pages as the projector reads them and decoded; nothing else is done."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    log = EventLog(database_url)
    await log.open()
    pages, position, began = LogPages(log), 0, time.perf_counter()
    try:
        while position < through and time.perf_counter() - began < seconds:
            page = await pages.next(position, BATCH_LIMIT)
            position = page.through
            pages.fetch_ahead(position, BATCH_LIMIT)
            for event in page.events:
                if event.type in _TYPES:
                    _TYPES[event.type].FromString(event.payload)
        return {"reading and decoding": position / (time.perf_counter() - began)}
    finally:
        await pages.close()
        await log.close()
