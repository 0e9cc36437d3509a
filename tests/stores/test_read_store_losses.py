"""Whoever waits when the store is lost is told so at once, and nothing is left behind."""

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from read_store import ReadStoreUnavailable
from read_store.subscriber import Subscriber
from tests.stores.partition import Partition, a_partition
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually

# Much longer than a test may last, so that no wait ends by itself.
LONG_SECONDS = 600.0
TURN_SECONDS = 0.05

Wait = Callable[[Partition, float], Awaitable[Any]]


async def _reached(partition: Partition, seconds: float) -> Any:
    return await partition.reader.reached(partition.name, partition.epoch, 99, timeout_seconds=seconds)


async def _changed(partition: Partition, seconds: float) -> Any:
    reader = partition.reader
    here = await reader.changed(partition.name, after=None, timeout_seconds=DEADLINE_SECONDS)
    return await reader.changed(partition.name, after=here, timeout_seconds=seconds)


async def _positions(partition: Partition, _seconds: float) -> Any:
    return [place async for place in partition.reader.positions(partition.name)]


async def _asked(partition: Partition, seconds: float) -> Any:
    return await partition.reader.ask_head(partition.name, seconds)


@pytest.mark.parametrize("wait", [_reached, _changed, _positions, _asked])
async def test_a_wait_ends_with_the_store(
    own_valkey: TestValkey, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("read_store.reader._ANSWER_SECONDS", LONG_SECONDS)
    async with a_partition(own_valkey) as partition:
        await partition.apply()
        await partition.reader.reached(partition.name, partition.epoch, 1, DEADLINE_SECONDS)
        waiting = [asyncio.ensure_future(wait(partition, LONG_SECONDS)) for _ in range(20)]
        await asyncio.wait(waiting, timeout=TURN_SECONDS)
        assert not any(each.done() for each in waiting)
        own_valkey.server.kill()
        ended = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), DEADLINE_SECONDS)
        assert {type(each) for each in ended} == {ReadStoreUnavailable}


async def test_without_the_word_of_the_loss_a_wait_goes_on(
    own_valkey: TestValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sabotaged twin of the test above."""
    monkeypatch.setattr(Subscriber, "_lost", lambda _: None)
    async with a_partition(own_valkey) as partition:
        await partition.apply()
        await partition.reader.reached(partition.name, partition.epoch, 1, DEADLINE_SECONDS)
        waiting = asyncio.ensure_future(_reached(partition, LONG_SECONDS))
        subscriber = partition.reader._subscriber
        await eventually(lambda: _has_waiters(subscriber, partition.name))
        own_valkey.server.kill()
        await eventually(lambda: _is_cut(subscriber))
        await asyncio.wait((waiting,), timeout=TURN_SECONDS)
        assert not waiting.done()
        waiting.cancel()


async def _has_waiters(subscriber: Subscriber, projection: str) -> bool:
    return bool((await subscriber.progress(projection))._waiters)


async def _is_cut(subscriber: Subscriber) -> bool:
    return not subscriber._connection.is_connected


async def test_a_first_look_ends_with_the_store(own_valkey: TestValkey) -> None:
    """A store that hangs, then dies, before it has confirmed the subscription."""
    async with a_partition(own_valkey) as partition:
        await partition.apply()
        assert own_valkey.server.pid is not None
        os.kill(own_valkey.server.pid, signal.SIGSTOP)
        waiting = asyncio.ensure_future(_reached(partition, LONG_SECONDS))
        await asyncio.wait((waiting,), timeout=TURN_SECONDS)
        assert not waiting.done()
        own_valkey.server.kill()
        with pytest.raises(ReadStoreUnavailable):
            await asyncio.wait_for(waiting, DEADLINE_SECONDS)


async def test_waits_go_on_as_before_once_the_store_is_back(own_valkey: TestValkey) -> None:
    async with a_partition(own_valkey) as partition:
        await partition.apply()
        lost = asyncio.ensure_future(_reached(partition, LONG_SECONDS))
        await asyncio.wait((lost,), timeout=TURN_SECONDS)
        own_valkey.server.kill()
        own_valkey.server.start()
        with pytest.raises(ReadStoreUnavailable):
            await lost
        await eventually(lambda: _applied(partition))
        assert await eventually(lambda: _knows(partition, partition.position))


async def _applied(partition: Partition) -> bool:
    try:
        await partition.apply()
    except ReadStoreUnavailable:
        return False
    return True


async def _knows(partition: Partition, position: int) -> bool:
    try:
        return await partition.reader.reached(
            partition.name, partition.epoch, position, timeout_seconds=DEADLINE_SECONDS
        )
    except ReadStoreUnavailable:
        return False


@pytest.mark.parametrize("is_retrieved", [True, False])
async def test_asks_that_nobody_waits_for_any_more_fail_in_silence(
    valkey: TestValkey, monkeypatch: pytest.MonkeyPatch, is_retrieved: bool
) -> None:
    """The twin leaves out what takes note of the failure, and the loop complains."""
    if not is_retrieved:
        monkeypatch.setattr("read_store.reader._retrieved", lambda _: None)
    # What other tests left behind is none of this one's business.
    gc.collect()
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    try:
        await _ask_in_vain(valkey)
        # An exception that was overlooked is reported when its task is thrown away.
        gc.collect()
    finally:
        loop.set_exception_handler(None)
    assert (complaints == []) is is_retrieved


async def _ask_in_vain(valkey: TestValkey) -> None:
    async with a_partition(valkey) as partition:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await partition.reader.ask_head(partition.name, TURN_SECONDS)
        await eventually(lambda: _are_over(partition))


async def _are_over(partition: Partition) -> bool:
    reader = partition.reader
    return not reader._next_asks and all(ask.done() for ask in reader._asks.values())
