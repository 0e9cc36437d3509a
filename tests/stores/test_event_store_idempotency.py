"""A command id takes effect once, from however many processes and connections it comes."""

import asyncio
from uuid import uuid4

import psycopg

from event_store import Appended, Duplicate, EventStore
from tests.postgres_server import EVENT_TYPES, LogDatabase, descriptor_set
from tests.stores.appends import an_append, appended
from tests.stores.log_checks import violations
from tests.stores.writers import sabotage, writer_process

# Without the look-up of command ids, and with the answers' table too kind to notice.
ASKING_NOBODY = (
    ("IF command_ids[i] = ANY (stored) THEN", "IF false THEN"),
    ("WHERE c.position > 0", "WHERE c.position > 0 ON CONFLICT DO NOTHING"),
)


async def test_a_repeat_gets_the_stored_answer_and_has_no_effect(event_store: EventStore) -> None:
    append = an_append("order-1", 0, response=b"the first answer")
    first = await appended(event_store, append)
    await appended(event_store, an_append("order-1", 1))
    other = an_append("order-1", 2, command_id=append.command_id, response=b"other", fingerprint=b"other")
    assert await event_store.append(append) == Duplicate(stored=first)
    assert await event_store.append(other) == Duplicate(stored=first)
    assert (await event_store.check(append.command_id, [])) == (first, {})
    assert len(await event_store.read_stream("order-1")) == 2


async def test_repeats_at_the_same_moment_have_one_effect(event_store: EventStore) -> None:
    append = an_append("order-1", 0)
    outcomes = await asyncio.gather(*(event_store.append(append) for _ in range(20)))
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Appended] + [Duplicate] * 19
    assert len({outcome.stored for outcome in outcomes if isinstance(outcome, Appended | Duplicate)}) == 1
    assert len(await event_store.read_stream("order-1")) == 1


async def test_a_repeat_of_a_refused_command_is_judged_again(event_store: EventStore) -> None:
    refused = an_append("order-1", 1)
    await event_store.append(refused)
    again, _, accepted = await asyncio.gather(
        event_store.append(refused),
        event_store.append(an_append("order-1", 0)),
        event_store.append(refused),
    )
    assert not isinstance(again, Appended)
    assert isinstance(accepted, Appended)


async def _same_commands_from_two_processes(database: LogDatabase) -> list[str]:
    """Two processes of one name send the same command ids at the same time."""
    async with (
        writer_process(database, "same", callers=12, appends=15) as one,
        writer_process(database, "same", callers=12, appends=15) as other,
    ):
        assert (await one.ended(), await other.ended()) == (0, 0)
    assert set(one.acknowledged) == set(other.acknowledged)
    found = violations(database.admin_url, acknowledged=one.acknowledged)
    with psycopg.connect(database.admin_url) as connection:
        row = connection.execute("SELECT count(*) FROM event_log.events").fetchone()
    # Each command writes two streams.
    if row != (2 * 12 * 15,):
        found.append(f"{row} events from {12 * 15} commands of two events each")
    return found


async def test_two_processes_sending_the_same_commands_have_one_effect(log_database: LogDatabase) -> None:
    assert await _same_commands_from_two_processes(log_database) == []


async def test_twin_without_the_look_up_commands_take_effect_twice(log_database: LogDatabase) -> None:
    sabotage(log_database, *ASKING_NOBODY)
    assert await _same_commands_from_two_processes(log_database) != []


async def test_two_stores_answer_the_same_command_equally(log_database: LogDatabase) -> None:
    stores = [EventStore(log_database.writer_url) for _ in range(2)]
    for store in stores:
        await store.register_event_types(EVENT_TYPES, descriptor_set())
    for number in range(50):
        append = an_append(f"order-{number}", 0, command_id=uuid4())
        outcomes = await asyncio.gather(*(store.append(append) for store in stores))
        stored = [outcome.stored for outcome in outcomes if isinstance(outcome, Appended | Duplicate)]
        assert {type(outcome) for outcome in outcomes} == {Appended, Duplicate}
        assert stored[0] == stored[1]
    for store in stores:
        await store.close()
