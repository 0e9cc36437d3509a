"""Waiting is by push; a store that is away is told at once, and comes back without a restart."""

import asyncio
from uuid import UUID, uuid4

import pytest

from read_store import HeadAnswers, ReadStoreUnavailable, TallyRow
from tests.stores.partition import LEASE_SECONDS, Partition, a_partition
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually


async def commands_run(partition: Partition) -> int:
    """How many commands the server has run, without the asking for it and signs of life."""
    stats = await partition.writer._connection.call("INFO", "commandstats")
    lines = stats.decode().splitlines()
    return sum(
        int(line.partition("calls=")[2].partition(",")[0])
        for line in lines
        if line.startswith("cmdstat_") and not line.startswith(("cmdstat_info", "cmdstat_ping"))
    )


async def test_a_waiter_is_woken_by_the_batch_that_it_waits_for(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply()
        waiting = asyncio.create_task(
            partition.reader.reached(partition.name, partition.epoch, 3, DEADLINE_SECONDS)
        )
        await partition.apply()
        assert not waiting.done()
        await partition.apply()
        assert await waiting


async def test_a_position_that_was_reached_before_is_answered_at_once(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply(events=5)
        assert await partition.reader.reached(
            partition.name, partition.epoch, 5, timeout_seconds=DEADLINE_SECONDS
        )


async def test_a_position_of_another_log_is_never_reached(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply(events=5)
        assert not await partition.reader.reached(partition.name, uuid4(), 2, timeout_seconds=0.1)


async def _poll(partition: Partition, position: int) -> bool:
    try:
        await eventually(lambda: _stands_at(partition, position), seconds=0.5)
    except AssertionError:
        return False
    return True


async def _stands_at(partition: Partition, position: int) -> bool:
    return (await partition.reader.checkpoint(partition.name)).position >= position


@pytest.mark.parametrize("waits_by_push", [True, False])
async def test_nothing_is_sent_to_the_store_while_many_wait(valkey: TestValkey, waits_by_push: bool) -> None:
    """Polling, the sabotaged twin, is seen in the server's own count of commands."""
    async with a_partition(valkey) as partition:
        await partition.apply()
        assert await partition.reader.reached(
            partition.name, partition.epoch, 1, timeout_seconds=DEADLINE_SECONDS
        )
        before = await commands_run(partition)
        waiting = [
            partition.reader.reached(partition.name, partition.epoch, position, timeout_seconds=0.5)
            if waits_by_push
            else _poll(partition, position)
            for position in range(2, 502)
        ]
        assert not any(await asyncio.gather(*waiting))
        assert (await commands_run(partition) == before) is waits_by_push


async def test_changes_come_as_they_are_applied(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        await partition.apply()
        places = partition.reader.positions(partition.name)
        assert (await anext(places)).position == 1
        await partition.apply(events=4)
        assert (await anext(places)).position == 5
        last = await partition.reader.changed(partition.name, after=None, timeout_seconds=DEADLINE_SECONDS)
        assert await partition.reader.changed(partition.name, after=last, timeout_seconds=0.05) is None


async def test_asks_for_the_head_share_answers_that_are_newer_than_they_are(
    valkey: TestValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, reads = 10, 0
    epoch = uuid4()

    async def read_head() -> tuple[UUID, int]:
        nonlocal reads
        reads += 1
        return epoch, head

    async with a_partition(valkey) as partition:
        answers = HeadAnswers(valkey.projector_url, partition.name)
        answering = asyncio.create_task(answers.run(read_head))
        await eventually(lambda: _is_answered(partition))
        monkeypatch.setattr("read_store.reader._ANSWER_SECONDS", DEADLINE_SECONDS)
        reads = 0
        asked = [partition.reader.ask_head(partition.name, DEADLINE_SECONDS) for _ in range(200)]
        assert set(await asyncio.gather(*asked)) == {(epoch, 10)}
        assert reads <= 2
        head = 11
        assert await partition.reader.ask_head(partition.name, DEADLINE_SECONDS) == (epoch, 11)
        answering.cancel()


async def _is_answered(partition: Partition) -> bool:
    try:
        await partition.reader.ask_head(partition.name, 0.2)
    except TimeoutError:
        return False
    return True


async def test_an_ask_that_no_projector_answers_times_out(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        with pytest.raises(TimeoutError):
            await partition.reader.ask_head(partition.name, 0.05)


async def test_a_store_that_is_away_is_told_at_once_and_comes_back(own_valkey: TestValkey) -> None:
    async with a_partition(own_valkey) as partition:
        await partition.apply(tallies={("sales", "2010", "units"): 1})
        assert await partition.reader.reached(
            partition.name, partition.epoch, 1, timeout_seconds=DEADLINE_SECONDS
        )
        own_valkey.server.stop()
        await eventually(lambda: _refuses(partition))
        for _ in range(100):
            with pytest.raises(ReadStoreUnavailable):
                await partition.ask(TallyRow(tally="sales", row="2010"))
            with pytest.raises(ReadStoreUnavailable):
                await partition.reader.reached(partition.name, partition.epoch, 1, timeout_seconds=600)
        own_valkey.server.start()
        assert await eventually(lambda: _found(partition)) == {"units": 1}
        waiting = asyncio.create_task(
            partition.reader.reached(partition.name, partition.epoch, 2, DEADLINE_SECONDS)
        )
        await eventually(lambda: _applied(partition))
        assert await waiting


async def _refuses(partition: Partition) -> bool:
    refused = 0
    for ask in (
        partition.ask(TallyRow(tally="sales", row="2010")),
        partition.reader.reached(partition.name, partition.epoch, 9, timeout_seconds=0),
        partition.writer.renew_lease(partition.token, LEASE_SECONDS),
    ):
        try:
            await ask
        except ReadStoreUnavailable:
            refused += 1
    return refused == 3


async def _found(partition: Partition) -> dict[str, int]:
    try:
        await partition.reader.reached(partition.name, partition.epoch, 0, timeout_seconds=0)
        found: dict[str, int] = await partition.ask(TallyRow(tally="sales", row="2010"))
    except ReadStoreUnavailable:
        return {}
    return found


async def _applied(partition: Partition) -> bool:
    try:
        await partition.apply()
    except ReadStoreUnavailable:
        return False
    return True
