"""When the database goes: refused at once, nothing lost or doubled, and working again when it is back."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from event_store import (
    Appended,
    CommitOutcomeUnknown,
    Duplicate,
    EventLog,
    EventStore,
    PredecessorFailed,
    StoreUnavailable,
)
from local_stack.postgres import PostgresServer
from tests.postgres_server import (
    EVENT_TYPES,
    WRITER_PASSWORD,
    LogDatabase,
    descriptor_set,
)
from tests.stores.appends import an_append, appended
from tests.stores.log_checks import violations
from tests.stores.proxy import Proxy, proxy_to
from tests.waiting import DEADLINE_SECONDS


@pytest.fixture
async def proxy(own_server: PostgresServer) -> AsyncIterator[Proxy]:
    """A proxy in front of that server."""
    async with proxy_to(own_server.settings.tcp_port or 0) as proxy:
        yield proxy


@pytest.fixture
async def distant_store(own_log: LogDatabase, proxy: Proxy) -> AsyncIterator[EventStore]:
    """A store that reaches the log through the proxy."""
    url = own_log.server.url("diptych_writer", WRITER_PASSWORD, own_log.name, tcp=True)
    store = EventStore(url.replace(f":{own_log.server.settings.tcp_port}/", f":{proxy.port}/"))
    await store.register_event_types(EVENT_TYPES, descriptor_set())
    yield store
    await store.close()


async def _until_accepted(store: EventStore, stream: str) -> None:
    append = an_append(stream, 0)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                assert isinstance(await store.append(append), Appended | Duplicate)
            except (StoreUnavailable, CommitOutcomeUnknown):
                await asyncio.sleep(0)
            else:
                return


async def _until_refused(store: EventStore) -> None:
    """An append that was sent before the end was noticed has an unknown outcome."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                await store.append(an_append("order-last", 0))
            except CommitOutcomeUnknown:
                continue
            except StoreUnavailable:
                return


async def test_an_answer_lost_at_commit_is_found_again(
    own_log: LogDatabase, proxy: Proxy, distant_store: EventStore
) -> None:
    await appended(distant_store, an_append("order-0", 0))
    for number in range(1, 20):
        group = [an_append(f"order-{number}-{place}", 0) for place in range(5)]
        proxy.cut_after = b"fingerprint"
        outcomes = await asyncio.gather(*(distant_store.append(append) for append in group))
        assert [type(outcome) for outcome in outcomes] == [Appended] * 5
        assert proxy.cut_after is None
    assert violations(own_log.admin_url) == []


async def test_what_follows_an_append_that_was_found_again_is_refused(
    own_log: LogDatabase, proxy: Proxy, distant_store: EventStore
) -> None:
    """It may be another process's: then what this one expects of its streams is not what they are."""
    await appended(distant_store, an_append("order-0", 0))
    first = an_append("order-1", 0)
    second = an_append("order-1", 1, follows=(first.attempt,))
    proxy.cut_after = b"fingerprint"
    outcomes = await asyncio.gather(distant_store.append(first), distant_store.append(second))
    assert all(isinstance(outcome, Appended) and outcome.is_found for outcome in outcomes)
    third = an_append("order-1", 2, follows=(second.attempt,))
    assert isinstance(await distant_store.append(third), PredecessorFailed)
    assert violations(own_log.admin_url) == []


async def test_an_outcome_that_cannot_be_found_out_is_said_to_be_unknown(
    own_log: LogDatabase, proxy: Proxy, distant_store: EventStore
) -> None:
    await appended(distant_store, an_append("order-0", 0))
    append = an_append("order-1", 0)
    proxy.cut_after = b"fingerprint"
    proxy.refuses = True
    with pytest.raises(CommitOutcomeUnknown):
        await distant_store.append(append)
    with pytest.raises(StoreUnavailable):
        await distant_store.append(an_append("order-2", 0))
    proxy.refuses = False
    await _until_accepted(distant_store, "order-3")
    assert isinstance(await distant_store.append(append), Duplicate)
    assert violations(own_log.admin_url, acknowledged=[append.command_id]) == []


async def test_terminated_connections_cost_nobody_an_answer(own_log: LogDatabase) -> None:
    store = EventStore(own_log.writer_url)
    await store.register_event_types(EVENT_TYPES, descriptor_set())
    with psycopg.connect(own_log.admin_url, autocommit=True) as admin:
        for number in range(10):
            assert len(await store.read_streams({"order-0": 0})) == 1
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE usename = 'diptych_writer' AND datname = current_database()"
            )
            await appended(store, an_append(f"order-{number}", 0))
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE usename = 'diptych_writer' AND datname = current_database()"
            )
            assert len(await store.read_stream(f"order-{number}")) == 1
    await store.close()
    assert violations(own_log.admin_url) == []


@pytest.mark.parametrize("way", ["stop", "kill"])
async def test_a_stopped_database_is_refused_at_once_and_used_again_when_it_is_back(
    own_log: LogDatabase, way: str
) -> None:
    store, log = EventStore(own_log.writer_url), EventLog(own_log.projector_url)
    await store.register_event_types(EVENT_TYPES, descriptor_set())
    before = an_append("order-0", 0)
    await appended(store, before)
    await log.read(0)
    getattr(own_log.server, way)()
    try:
        await _until_refused(store)
        # Were each to wait for some timeout, all of them would take longer than this.
        async with asyncio.timeout(DEADLINE_SECONDS):
            for number in range(200):
                with pytest.raises(StoreUnavailable):
                    await store.append(an_append(f"order-{number}", 0))
                with pytest.raises(StoreUnavailable):
                    await store.read_stream("order-0")
                with pytest.raises(StoreUnavailable):
                    await log.read(0)
    finally:
        own_log.server.start()
    await _until_accepted(store, "order-back")
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                page = await log.read(0)
                break
            except StoreUnavailable:
                await asyncio.sleep(0)
    assert (page.events[0].stream, page.events[-1].stream) == ("order-0", "order-back")
    assert isinstance(await store.append(before), Duplicate)
    await store.close()
    await log.close()
    assert violations(own_log.admin_url) == []


async def test_a_silent_database_is_given_up(proxy: Proxy, distant_store: EventStore) -> None:
    connections = distant_store._connections
    await distant_store.read_stream("order-0")
    usual, connections._silence_seconds = connections._silence_seconds, 0.3
    proxy.is_silent = True
    with pytest.raises(StoreUnavailable):
        await distant_store.read_stream("order-0")
    proxy.is_silent, connections._silence_seconds = False, usual
    await _until_accepted(distant_store, "order-1")


async def test_a_locked_head_is_given_up_and_nothing_was_appended(own_log: LogDatabase) -> None:
    store = EventStore(own_log.writer_url)
    await store.register_event_types(EVENT_TYPES, descriptor_set())
    with psycopg.connect(own_log.admin_url) as admin:
        admin.execute("SELECT 1 FROM event_log.log_head FOR UPDATE")
        with pytest.raises(StoreUnavailable, match="55P03"):
            await store.append(an_append("order-1", 0))
        admin.rollback()
    await appended(store, an_append("order-1", 0))
    await store.close()
