"""A read store that is away, and how little is asked of one that is there."""

import asyncio
import re
from typing import Any

import grpc
import pytest
from diptych.orders.v1 import order_query_service_pb2 as queries
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from read_store import CheckpointMoved, Connection, ReadStoreUnavailable
from tests.order_events import approved, placed, product
from tests.services.kit_service import Refused, refusal_of
from tests.services.order_read_models import ReadModels, fresh, pages_of, read_models, read_service
from tests.stores import damage
from tests.stores.damage import Damage
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually

MUGS = ("mug", 2, 100)
GET_ORDER = queries.GetOrderRequest(order_id="1")
EVERY_QUERY: list[Message] = [
    GET_ORDER,
    queries.GetCustomerRequest(customer_id="alice"),
    queries.GetProductRequest(sku="mug"),
    queries.GetOrderDashboardRequest(),
    queries.GetSalesReportRequest(),
]
EVERY_STREAM: list[Message] = [
    queries.ListOrdersRequest(),
    queries.ListCustomerOrdersRequest(customer_id="alice"),
    queries.ListProductsRequest(),
    queries.SearchOrdersRequest(term="a"),
    queries.WatchOrderRequest(order_id="1"),
    queries.WatchOrdersRequest(),
]


def _call(stub: Any, request: Message) -> Any:
    return getattr(stub, request.DESCRIPTOR.name.removesuffix("Request"))(request, timeout=DEADLINE_SECONDS)


async def _is_ok(stub: Any) -> bool:
    try:
        await _call(stub, GET_ORDER)
    except grpc.aio.AioRpcError:
        return False
    return True


async def test_without_a_store_every_query_is_unavailable_and_recovers(own_valkey: TestValkey) -> None:
    async with read_models(own_valkey) as models, read_service(own_valkey) as stub:
        await models.write(placed("1", MUGS))
        assert await _is_ok(stub)
        own_valkey.server.kill()
        for request in EVERY_QUERY:
            _check(await refusal_of(_call(stub, request)))
        for request in EVERY_STREAM:
            _check(await refusal_of(pages_of(stub, request)))
        own_valkey.server.start()
        await eventually(lambda: _is_ok(stub))


def _check(refused: Any) -> None:
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "READ_STORE_UNAVAILABLE")
    assert refused.retry_seconds > 0


async def test_a_store_that_was_never_filled_is_said_so(own_valkey: TestValkey) -> None:
    async with read_service(own_valkey) as stub:
        refused = await refusal_of(_call(stub, GET_ORDER))
        assert (refused.code, refused.info.reason) == (
            grpc.StatusCode.UNAVAILABLE,
            "READ_STORE_UNAVAILABLE",
        )
        async with read_models(own_valkey) as models:
            refused = await refusal_of(_call(stub, GET_ORDER))
            assert refused.info.reason == "PROJECTION_BEHIND"
            await models.write(placed("1", MUGS))
            assert await _is_ok(stub)


async def test_nothing_is_told_missing_while_a_read_model_is_being_filled(own_valkey: TestValkey) -> None:
    async with read_models(own_valkey) as models, read_service(own_valkey) as stub:
        models.append(product("mug"), placed("1", MUGS))
        await models.step()
        refused = await refusal_of(_call(stub, GET_ORDER))
        assert refused.info.reason == "PROJECTION_BEHIND"
        await models.catch_up()
        assert await _is_ok(stub)


async def _reads_so_far(admin: Connection) -> int:
    info = await admin.call("INFO", "commandstats")
    text = info.decode() if isinstance(info, bytes) else str(info)
    found = re.search(r"cmdstat_fcall_ro:calls=(\d+)", text)
    return int(found.group(1)) if found else 0


@pytest.mark.parametrize("waits_by_push", [True, False])
async def test_a_wait_asks_the_store_nothing(own_valkey: TestValkey, waits_by_push: bool) -> None:
    """Many readers wait for a place; polling, the sabotaged twin, is seen in the store's own count."""
    async with read_models(own_valkey) as models, read_service(own_valkey) as stub:
        await models.write(placed("1", MUGS))
        await _call(stub, queries.GetOrderRequest(order_id="1", consistency=fresh(models.token(1))))
        token = models.append(approved("1"))
        admin = Connection(own_valkey.admin_url)
        await admin.open()
        at_start = await _reads_so_far(admin)
        asked = queries.GetOrderRequest(order_id="1", consistency=fresh(token))
        readers = [asyncio.create_task(_read(stub, asked, waits_by_push=waits_by_push)) for _ in range(20)]
        await eventually(lambda: _have_read(admin, at_start + 20))
        # As if each had asked once more; the health probes that may fall into the time are far fewer.
        many = await _reads_so_far(admin) + len(readers)
        if waits_by_push:
            await asyncio.wait(readers, timeout=0.5)
            assert not await _have_read(admin, many)
        else:
            await eventually(lambda: _have_read(admin, many))
        await models.catch_up()
        assert [answer.order.version for answer in await asyncio.gather(*readers)] == [2] * 20
        await admin.close()


async def _have_read(admin: Connection, reads: int) -> bool:
    return await _reads_so_far(admin) >= reads


async def _read(stub: Any, request: Any, *, waits_by_push: bool) -> Any:
    if waits_by_push:
        return await _call(stub, request)

    async def look() -> Any:
        answer = await _call(stub, GET_ORDER)
        return answer if answer.order.version == 2 else None

    return await eventually(look)


async def test_whoever_waits_is_told_when_the_store_dies(own_valkey: TestValkey) -> None:
    async with read_models(own_valkey) as models, read_service(own_valkey) as stub:
        await models.write(placed("1", MUGS))
        ahead = fresh(models.token(99), max_wait=Duration(seconds=60))
        calls = [
            stub.GetOrder(queries.GetOrderRequest(order_id="1", consistency=ahead)),
            _first_page(stub.ListOrders(queries.ListOrdersRequest(consistency=ahead))),
            _second_response(stub.WatchOrder(queries.WatchOrderRequest(order_id="1"))),
            _second_response(stub.WatchOrders(queries.WatchOrdersRequest())),
        ]
        waiting = [asyncio.ensure_future(refusal_of(call)) for call in calls]
        await asyncio.wait(waiting, timeout=0.2)
        assert not any(each.done() for each in waiting)
        own_valkey.server.kill()
        for refused in await asyncio.wait_for(asyncio.gather(*waiting), DEADLINE_SECONDS):
            _check(refused)


async def _first_page(call: Any) -> Any:
    return await call.read()


async def _second_response(call: Any) -> Any:
    await call.read()
    return await call.read()


async def test_a_waiting_read_is_answered_when_the_store_comes_back(own_valkey: TestValkey) -> None:
    async with read_models(own_valkey) as models, read_service(own_valkey) as stub:
        await models.write(placed("1", MUGS))
        token = models.append(approved("1"))
        asked = queries.GetOrderRequest(order_id="1", consistency=fresh(token))
        reading = asyncio.create_task(_outcome(stub, asked))
        await asyncio.wait((reading,), timeout=0.05)
        own_valkey.server.kill()
        own_valkey.server.start()
        await eventually(lambda: _catches_up(models))
        assert await reading in ("2", "READ_STORE_UNAVAILABLE")
        assert await _outcome(stub, asked) == "2"


async def _catches_up(models: ReadModels) -> bool:
    try:
        await models.recover()
        await models.catch_up()
    except (ReadStoreUnavailable, CheckpointMoved):
        return False
    return True


async def _outcome(stub: Any, request: Any) -> str:
    try:
        return str((await _call(stub, request)).order.version)
    except grpc.aio.AioRpcError as error:
        return str(Refused(error).info.reason)


LOST: list[tuple[Damage, Message]] = [
    (damage.deleted("d:order_details"), GET_ORDER),
    (damage.edited("d:order_details", "1"), GET_ORDER),
    (damage.deleted("d:product"), queries.GetProductRequest(sku="mug")),
    (damage.deleted("checkpoint"), GET_ORDER),
    (damage.field_deleted("checkpoint", "position"), queries.GetOrderDashboardRequest()),
    (damage.deleted("sizes"), queries.GetSalesReportRequest()),
]


@pytest.mark.parametrize(("done", "request_"), LOST)
async def test_what_was_lost_is_unavailable_until_it_is_filled_again(
    own_valkey: TestValkey, done: Damage, request_: Message
) -> None:
    """Never NOT_FOUND, never a part for the whole, and never from before a token."""
    async with read_models(own_valkey) as models, read_service(own_valkey) as stub:
        token = await models.write(product("mug"), placed("1", MUGS))
        await damage.do(own_valkey, done, "diptych:{orders:0}:g1:")
        refused = await refusal_of(_call(stub, request_))
        assert refused.code is grpc.StatusCode.UNAVAILABLE
        assert refused.info.reason in ("READ_MODEL_DAMAGED", "PROJECTION_BEHIND")
        assert refused.retry_seconds > 0
        await models.rebuild()
        await models.step()
        partial = await _call(stub, queries.GetOrderDashboardRequest())
        assert (partial.freshness.stale, partial.freshness.generation) == (True, 2)
        waiting = queries.GetOrderRequest(order_id="1", consistency=fresh(token))
        reading = asyncio.ensure_future(_call(stub, waiting))
        await models.catch_up()
        assert (await reading).order.order_id == "1"
        assert not (await _call(stub, queries.GetOrderDashboardRequest())).freshness.stale
