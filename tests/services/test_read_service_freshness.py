"""Consistency: a token is waited for, by push, and what can't be met is said so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from diptych.consistency.v1.consistency_pb2 import ON_TIMEOUT_SERVE_STALE, Consistency, ConsistencyToken
from diptych.orders.v1 import order_query_service_pb2 as queries
from google.protobuf.duration_pb2 import Duration

from read_store import HeadAnswers, ReadStore
from tests.order_events import approved, placed, registered
from tests.services.kit_service import refusal_in_time, refusal_of
from tests.services.order_read_models import ReadModels, fresh, newest, pages_of
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually

MUGS = ("mug", 2, 100)
AT_ONCE = Duration()
SHORT = Duration(nanos=100_000_000)


def get_order(order_id: str, consistency: Consistency | None = None) -> queries.GetOrderRequest:
    return queries.GetOrderRequest(order_id=order_id, consistency=consistency)


async def _versions_seen(models: ReadModels, stub: Any, *, waits: bool) -> list[tuple[int, int]]:
    """Write, then read, with a projector that is late: (version wanted, version seen).

    It is late by milliseconds, or, if nothing makes the read wait for it, until the read is answered.
    """
    await models.write(placed("1", MUGS), *(placed(f"x{n}", MUGS) for n in range(20)))
    seen = []
    for version in range(2, 40):
        token = models.append(approved("1"))
        reading = asyncio.create_task(_order(stub, "1", fresh(token) if waits else None))
        await asyncio.wait((reading,), timeout=0.01 * (version % 4) if waits else DEADLINE_SECONDS)
        await models.catch_up()
        seen.append((version, (await reading).version))
    return seen


async def test_a_read_with_the_token_is_never_stale(models: ReadModels, stub: Any) -> None:
    seen = await _versions_seen(models, stub, waits=True)
    assert all(found >= wanted for wanted, found in seen)


async def test_without_the_token_stale_reads_are_seen(models: ReadModels, stub: Any) -> None:
    """The sabotaged twin of the test above."""
    seen = await _versions_seen(models, stub, waits=False)
    assert all(found < wanted for wanted, found in seen)


async def test_a_list_with_the_token_includes_what_was_written(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS))
    token = models.append(placed("2", MUGS))
    listing = asyncio.create_task(pages_of(stub, queries.ListOrdersRequest(consistency=fresh(token))))
    await models.catch_up()
    [page] = await listing
    assert {order.order_id for order in page.orders} == {"1", "2"}


async def test_not_found_is_answered_only_once_the_token_is_reached(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS))
    token = models.append(placed("2", MUGS))
    reading = asyncio.create_task(_outcome(stub.GetOrder(get_order("2", fresh(token)))))
    await models.catch_up()
    assert await reading == "OK"
    token = models.append(registered("alice"))
    reading = asyncio.create_task(_outcome(stub.GetOrder(get_order("3", fresh(token)))))
    await models.catch_up()
    assert await reading == "NOT_FOUND"


async def _outcome(call: Any) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return str(error.code().name)
    return "OK"


@pytest.mark.parametrize("wait", [AT_ONCE, SHORT])
async def test_a_place_not_reached_in_time_is_refused(models: ReadModels, stub: Any, wait: Duration) -> None:
    await models.write(placed("1", MUGS))
    token = models.append(approved("1"))
    refused = await refusal_of(stub.GetOrder(get_order("1", fresh(token, max_wait=wait))))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "PROJECTION_BEHIND")
    assert dict(refused.info.metadata) == {"required_position": "2", "position": "1"}
    assert refused.retry_seconds > 0


async def test_who_takes_stale_answers_gets_one_with_the_label(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS))
    token = models.append(approved("1"))
    asked = fresh(token, max_wait=SHORT, on_timeout=ON_TIMEOUT_SERVE_STALE)
    answer = await stub.GetOrder(get_order("1", asked))
    assert (answer.order.version, answer.freshness.position, answer.freshness.stale) == (1, 1, True)


async def test_the_wait_ends_before_the_calls_deadline(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS))
    token = models.append(approved("1"))
    asked = get_order("1", fresh(token, max_wait=Duration(seconds=60)))
    refused = await refusal_in_time(partial(stub.GetOrder, asked, timeout=1))
    assert refused.info.reason == "PROJECTION_BEHIND"


async def test_a_token_of_the_entity_is_met_by_the_entitys_version(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS), approved("1"))
    ahead = models.token(99, stream="order-1", version=2)
    answer = await stub.GetOrder(get_order("1", fresh(ahead, max_wait=AT_ONCE)))
    assert answer.order.version == 2
    for stream, version in (("order-1", 3), ("order-2", 1), ("", 0)):
        ahead = models.token(99, stream=stream, version=version)
        refused = await refusal_of(stub.GetOrder(get_order("1", fresh(ahead, max_wait=AT_ONCE))))
        assert refused.info.reason == "PROJECTION_BEHIND"


async def test_an_answers_own_token_works_for_the_next_query(models: ReadModels, stub: Any) -> None:
    await models.write(registered("alice"), placed("1", MUGS))
    answer = await stub.GetOrder(get_order("1"))
    consistency = fresh(answer.freshness.token.token)
    customer = await stub.GetCustomer(
        queries.GetCustomerRequest(customer_id="alice", consistency=consistency)
    )
    assert customer.freshness.position >= answer.freshness.position


async def test_a_token_of_another_history_is_refused(
    valkey: TestValkey, models: ReadModels, stub: Any
) -> None:
    await models.write(placed("1", MUGS))
    foreign = models.token(1, epoch=uuid4())
    async with _answering(valkey, models):
        refused = await refusal_of(stub.GetOrder(get_order("1", fresh(foreign))))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "EPOCH_CHANGED")


async def test_a_token_of_a_past_epoch_is_told_how_far_that_still_holds(
    valkey: TestValkey, models: ReadModels, stub: Any
) -> None:
    ended = models.log.epoch
    await models.write(placed("1", MUGS))
    token = models.token(9)
    models.log.epoch = uuid4()
    await models.rebuild({ended: 1})
    await models.catch_up()
    async with _answering(valkey, models):
        refused = await refusal_of(stub.GetOrder(get_order("1", fresh(token))))
    assert refused.info.reason == "EPOCH_CHANGED"
    assert dict(refused.info.metadata)["last_common_position"] == "1"


async def test_a_token_that_nobody_can_tell_to_be_dead_may_come_again(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS))
    foreign = models.token(1, epoch=uuid4())
    refused = await refusal_of(stub.GetOrder(get_order("1", fresh(foreign, max_wait=SHORT))))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "PROJECTION_BEHIND")


async def test_a_token_newer_than_the_read_models_history_is_waited_for(
    valkey: TestValkey, models: ReadModels, stub: Any
) -> None:
    """After a restore of the log the read model is still of the dead history for a while."""
    await models.write(placed("1", MUGS))
    models.log.epoch = uuid4()
    token = models.token(1)

    async with _answering(valkey, models):
        reading = asyncio.create_task(_outcome(stub.GetOrder(get_order("1", fresh(token)))))
        await asyncio.wait((reading,), timeout=0.05)
        assert not reading.done()
        await models.rebuild()
        await models.catch_up()
        assert await reading == "OK"


@pytest.mark.parametrize("text", ["x", "AAAA", "A" * 1000])
async def test_a_token_that_is_none_is_refused(models: ReadModels, stub: Any, text: str) -> None:
    await models.write(placed("1", MUGS))
    refused = await refusal_of(stub.GetOrder(get_order("1", fresh(text))))
    assert refused.info.reason == "CONSISTENCY_TOKEN_INVALID"
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT


@asynccontextmanager
async def _answering(valkey: TestValkey, models: ReadModels) -> AsyncIterator[None]:
    """A projector's answers to asks for the end of the log, from the moment on that they come."""

    async def head() -> tuple[UUID, int]:
        return models.log.epoch, models.log.head

    answering = asyncio.create_task(HeadAnswers(valkey.projector_url, "orders").run(head))
    store = ReadStore(valkey.reader_url)
    await store.open()
    try:
        await eventually(lambda: _is_answering(store))
        yield
    finally:
        answering.cancel()
        await asyncio.wait((answering,))
        await store.close()


async def _is_answering(store: ReadStore) -> bool:
    try:
        await store.ask_head("orders", 0.2)
    except TimeoutError:
        return False
    return True


async def test_fully_consistent_waits_for_the_end_of_the_log(
    valkey: TestValkey, models: ReadModels, stub: Any
) -> None:
    await models.write(placed("1", MUGS))

    async with _answering(valkey, models):
        models.append(approved("1"))
        reading = asyncio.create_task(_order(stub, "1", newest()))
        await asyncio.wait((reading,), timeout=0.05)
        assert not reading.done()
        await models.catch_up()
        assert (await reading).version == 2


async def _order(stub: Any, order_id: str, consistency: Consistency | None) -> Any:
    return (await stub.GetOrder(get_order(order_id, consistency))).order


async def test_fully_consistent_without_a_projector_is_refused_in_time(models: ReadModels, stub: Any) -> None:
    await models.write(placed("1", MUGS))
    asked = Consistency(fully_consistent=True, max_wait=SHORT)
    refused = await refusal_of(stub.GetOrder(get_order("1", asked)))
    assert refused.info.reason == "PROJECTION_BEHIND"
    asked.on_timeout = ON_TIMEOUT_SERVE_STALE
    answer = await stub.GetOrder(get_order("1", asked))
    assert (answer.order.version, answer.freshness.stale) == (1, True)


async def test_an_empty_log_answers_empty_and_fresh(models: ReadModels, stub: Any) -> None:
    await models.catch_up()
    [page] = await pages_of(stub, queries.ListOrdersRequest())
    assert (len(page.orders), page.next_page_token, page.freshness.position) == (0, "", 0)
    assert not page.freshness.HasField("as_of")
    assert page.freshness.token == ConsistencyToken(token=models.token(0))
