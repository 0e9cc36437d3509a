"""A decision holds only while every stream it read is unchanged, those it did not write included."""

import asyncio

from event_store import Appended, EventStore
from tests.postgres_server import EVENT_TYPES, LogDatabase, descriptor_set
from tests.stores.appends import an_append
from tests.stores.writers import sabotage

CALLERS = 32
ROUNDS = 12
# Versions are compared for the streams that the command writes only.
READS_UNCHECKED = (
    (
        "IF current_versions[number] <> read_versions[r]",
        "IF number = main_streams[i] AND current_versions[number] <> read_versions[r]",
    ),
)


async def _both_on_call(store: EventStore, other: EventStore, number: int) -> bool:
    """Two doctors may go off call only while the other is on: each reads both streams and writes its own.

    Whether both went, which no order of the two decisions allows (write skew).
    """
    one, two = f"doctor-a{number}", f"doctor-b{number}"
    outcomes = await asyncio.gather(
        store.append(an_append(one, 0, reads={two: 0})),
        other.append(an_append(two, 0, reads={one: 0})),
    )
    return all(isinstance(outcome, Appended) for outcome in outcomes)


async def _skewed(database: LogDatabase) -> int:
    one, other = EventStore(database.writer_url), EventStore(database.writer_url)
    for store in (one, other):
        await store.register_event_types(EVENT_TYPES, descriptor_set())
    skewed = 0
    for turn in range(ROUNDS):
        numbers = range(turn * CALLERS, (turn + 1) * CALLERS)
        skewed += sum(await asyncio.gather(*(_both_on_call(one, other, number) for number in numbers)))
    await one.close()
    await other.close()
    return skewed


async def test_no_two_decisions_each_overlook_the_other(log_database: LogDatabase) -> None:
    assert await _skewed(log_database) == 0


async def test_twin_unchecked_reads_let_decisions_overlook_each_other(log_database: LogDatabase) -> None:
    sabotage(log_database, *READS_UNCHECKED)
    assert await _skewed(log_database) > 0
