"""Steps of the store's clock make no answer look fresh that is not, and no lease last longer."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from read_store import Connection, Fenced, Library, compose, read_sources
from read_store.beats import Beats
from tests.stores.partition import LEASE_SECONDS, Partition, a_partition
from tests.valkey_server import TestValkey

HOUR = 3_600
STALE_AFTER_SECONDS = 5.0
_CLOCK = "diptych:clock"


def _stepped(sources: str) -> Library:
    """A library whose clock goes wrong by the seconds that a key holds."""
    seconds = "tonumber(time[1])"
    assert sources.count(seconds) == 1
    return compose(sources.replace(seconds, f"{seconds} + tonumber(redis.call('GET', '{_CLOCK}') or '0')"))


def _without(guard: str, instead: str) -> Library:
    sources = read_sources()
    assert sources.count(guard) == 1
    return _stepped(sources.replace(guard, instead))


GUARDED = _stepped(read_sources())
TRUSTING_BEATS = _without("elseif tonumber(redis_now()) < tonumber(before) then", "elseif false then")
TRUSTING_ARRIVALS = _without("'head', head, 'beat_us', known)", "'head', head, 'beat_us', redis_now())")
TRUSTING_LEASES = _without("tonumber(from_us or '0') <= tonumber(now) and", "")


async def _step(valkey: TestValkey, seconds: int) -> None:
    admin = Connection(valkey.admin_url)
    await admin.open()
    await admin.call("SET", _CLOCK, seconds)
    await admin.close()


@asynccontextmanager
async def _partition(valkey: TestValkey, library: Library = GUARDED) -> AsyncIterator[Partition]:
    async with a_partition(valkey, library=library) as partition:
        try:
            yield partition
        finally:
            await _step(valkey, 0)


async def _is_stale(partition: Partition) -> bool:
    place = await partition.reader.checkpoint(partition.name)
    assert place.lag_seconds() >= 0
    return place.is_stale(STALE_AFTER_SECONDS)


async def _beat(partition: Partition, head: int, *, read_at: float | None = None) -> None:
    checkpoint = await partition.writer.checkpoint()
    await partition.writer.heartbeat(partition.token, checkpoint, head, head_read_at=read_at)


@pytest.mark.parametrize("library", [GUARDED, TRUSTING_BEATS])
async def test_what_is_behind_is_stale_after_the_clock_went_back(
    valkey: TestValkey, library: Library
) -> None:
    """With its sabotaged twin."""
    async with _partition(valkey, library) as partition:
        await partition.apply()
        assert not await _is_stale(partition)
        await _step(valkey, -HOUR)
        await _beat(partition, head=9)
        assert await _is_stale(partition) is (library is GUARDED)
        await _beat(partition, head=1)
        assert not await _is_stale(partition)


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
async def test_what_is_caught_up_is_fresh_again_with_the_next_beat(valkey: TestValkey, seconds: int) -> None:
    async with _partition(valkey) as partition:
        await partition.apply()
        await _step(valkey, seconds)
        await _beat(partition, head=1)
        assert not await _is_stale(partition)
        assert (await partition.reader.checkpoint(partition.name)).lag_seconds() == 0


@pytest.mark.parametrize("is_guarded", [True, False])
async def test_silence_is_measured_on_the_readers_own_clock(
    valkey: TestValkey, monkeypatch: pytest.MonkeyPatch, is_guarded: bool
) -> None:
    """With its sabotaged twin: the clock goes back by as much as the writer has been silent."""
    if not is_guarded:
        monkeypatch.setattr(Beats, "corrected", lambda _self, _projection, place: place)
    async with _partition(valkey) as partition:
        await partition.apply()
        assert not await _is_stale(partition)
        now = time.monotonic
        monkeypatch.setattr("read_store.beats.time.monotonic", lambda: now() + HOUR)
        assert await _is_stale(partition) is is_guarded


async def test_a_reader_that_has_seen_nothing_before_says_stale(valkey: TestValkey) -> None:
    async with _partition(valkey) as partition:
        await partition.apply()
        await _step(valkey, -HOUR)
        assert await _is_stale(partition)


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_a_stopped_writer_knew_is_not_news(valkey: TestValkey, is_told: bool) -> None:
    """With its sabotaged twin: it was stopped for an hour between its look at the log and its word."""
    async with _partition(valkey) as partition:
        await partition.apply()
        await _beat(partition, head=1, read_at=time.monotonic() - HOUR if is_told else None)
        assert await _is_stale(partition) is is_told


@pytest.mark.parametrize("library", [GUARDED, TRUSTING_ARRIVALS])
async def test_a_word_that_lay_with_a_stopped_store_is_not_news(valkey: TestValkey, library: Library) -> None:
    """With its sabotaged twin: to the writer an hour in which the store is stopped is a moment."""
    async with _partition(valkey, library) as partition:
        await partition.apply()
        checkpoint = await partition.writer.checkpoint()
        await _step(valkey, HOUR)
        await partition.writer.heartbeat(partition.token, checkpoint, 1)
        assert await _is_stale(partition) is (library is GUARDED)


@pytest.mark.parametrize("library", [GUARDED, TRUSTING_LEASES])
async def test_a_step_back_ends_a_lease_and_never_makes_it_longer(
    valkey: TestValkey, library: Library
) -> None:
    """With its sabotaged twin."""
    async with _partition(valkey, library) as partition:
        writer = partition.writer
        await _step(valkey, -HOUR)
        token = await writer.acquire_lease("another", LEASE_SECONDS)
        assert (token is not None) is (library is GUARDED)
        if token is not None:
            with pytest.raises(Fenced):
                await partition.apply()
            assert not await writer.renew_lease(partition.token, LEASE_SECONDS)


async def test_an_empty_generation_of_a_log_that_is_not_is_as_old_as_the_log(valkey: TestValkey) -> None:
    async with _partition(valkey) as partition:
        since_us = (await partition.writer.checkpoint()).now_us - HOUR * 1_000_000
        await partition.writer.new_generation(partition.token, 1, uuid4(), head=7, since_us=since_us)
        place = await partition.reader.checkpoint(partition.name)
        assert place.lag_seconds() >= HOUR
        assert place.is_stale(2 * HOUR)
