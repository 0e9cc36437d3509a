"""Read models split into partitions answer as whole ones do, page by page, while each is somewhere else."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from diptych.families.v1 import family_query_service_pb2 as family_queries
from diptych.families.v1.family_query_service_pb2_grpc import FamilyQueryServiceStub
from diptych.families.v1.scores_pb2 import RISK_TIER_HIGH
from diptych.families.v1.views_pb2 import FAMILY_STATUS_ENROLLED
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import views_pb2 as views
from google.protobuf.message import Message
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from projector.families import FAMILIES
from read_store import partition_of
from tests.family_events import family_stream_of
from tests.family_histories import History as FamilyHistory
from tests.order_events import WrittenLog
from tests.order_histories import CUSTOMERS, SKUS, History
from tests.services.kit_service import refusal_of
from tests.services.order_read_models import fresh, order_ids, pages_of
from tests.services.split_models import PARTITIONS, Split, split_models
from tests.valkey_server import TestValkey

_ON_DATE = Date(year=2024, month=3, day=1)


def _order_questions() -> list[Message]:
    lists: list[Message] = [
        queries.ListOrdersRequest(is_ascending=is_ascending, order_by=order_by, page_size=7)
        for is_ascending in (False, True)
        for order_by in (queries.ORDER_BY_PLACED_AT, queries.ORDER_BY_TOTAL)
    ]
    lists += [
        queries.ListOrdersRequest(status=views.ORDER_STATUS_DELIVERED, is_high_value=False, page_size=3),
        queries.ListOrdersRequest(customer_id="alice", order_by=queries.ORDER_BY_TOTAL),
        *(queries.SearchOrdersRequest(term=term, page_size=4) for term in ("alice", "e", "ss", "nobody")),
        *(queries.ListCustomerOrdersRequest(customer_id=each, page_size=2) for each in CUSTOMERS),
        *(
            queries.ListProductsRequest(order_by=order_by, is_descending=is_descending, page_size=1)
            for order_by in (queries.PRODUCT_ORDER_BY_NAME, queries.PRODUCT_ORDER_BY_AVAILABLE)
            for is_descending in (False, True)
        ),
    ]
    return lists


def _single_questions(history: History) -> list[Message]:
    return [
        *(queries.GetOrderRequest(order_id=order_id) for order_id in list(history.orders)[:20]),
        *(queries.GetCustomerRequest(customer_id=customer_id) for customer_id in CUSTOMERS),
        *(queries.GetProductRequest(sku=sku) for sku in SKUS),
        queries.GetOrderDashboardRequest(page_size=5),
        queries.GetOrderDashboardRequest(customer_id="bob"),
        *(
            queries.GetSalesReportRequest(granularity=granularity, split_by_country=is_split)
            for granularity in (queries.GRANULARITY_DAY, queries.GRANULARITY_MONTH)
            for is_split in (False, True)
        ),
    ]


def _family_questions(history: FamilyHistory) -> list[Message]:
    ids = [family.family_id for family in history.families.values()][:10]
    return [
        *(family_queries.GetFamilyRequest(family_id=each, on_date=_ON_DATE) for each in ids),
        *(family_queries.GetTuitionAccountRequest(family_id=each, on_date=_ON_DATE) for each in ids),
        family_queries.GetFamiliesByRiskTierRequest(),
        family_queries.GetEnrollmentReportRequest(),
        family_queries.GetPaymentAnalyticsRequest(on_date=_ON_DATE),
        *(family_queries.SearchFamiliesRequest(term=term, limit=500) for term in ("a", "le", "son")),
    ]


def _family_lists() -> list[Message]:
    orders = (
        family_queries.FAMILY_ORDER_BY_NAME,
        family_queries.FAMILY_ORDER_BY_RISK,
        family_queries.FAMILY_ORDER_BY_ENGAGEMENT,
        family_queries.FAMILY_ORDER_BY_ENROLLMENT_DATE,
    )
    return [
        *(
            family_queries.ListFamiliesRequest(order_by=each, is_reversed=is_reversed, page_size=5)
            for each in orders
            for is_reversed in (False, True)
        ),
        family_queries.ListFamiliesRequest(
            status=FAMILY_STATUS_ENROLLED, risk_tier=RISK_TIER_HIGH, page_size=2
        ),
        family_queries.ListAtRiskFamiliesRequest(min_risk_score=30, page_size=3, on_date=_ON_DATE),
    ]


async def _ask(stub: Any, request: Message) -> Message:
    """A unary answer without what tells read models apart: freshness and tokens."""
    answer = await getattr(stub, type(request).DESCRIPTOR.name.removesuffix("Request"))(request)
    for name in ("freshness", "next_page_token"):
        if name in answer.DESCRIPTOR.fields_by_name:
            answer.ClearField(name)
    for month in getattr(answer, "months", ()):
        if "last_updated" in month.DESCRIPTOR.fields_by_name:
            month.ClearField("last_updated")
    return answer  # type: ignore[no-any-return] # a stub's answers are of no type


async def _rows(stub: Any, request: Message) -> list[list[Message]]:
    """The rows of all pages of a list that have any, in its order."""
    pages = await pages_of(stub, request)
    assert all(page.next_page_token for page in pages[:-1])
    name = pages[0].DESCRIPTOR.fields[0].name
    # A walk by text may come to its end only in a page of its own.
    return [rows for page in pages if (rows := list(getattr(page, name)))]


async def test_orders_split_are_answered_as_whole_ones_are(split: Split) -> None:
    for messages in split.history.steps(400):
        split.models.append(*messages)
    await split.models.catch_up()
    for request in _order_questions():
        expected = await _rows(split.whole, request)
        assert await _rows(split.split, request) == expected, request
        assert any(expected) or "nobody" in str(request), request
    for request in _single_questions(split.history):
        assert await _ask(split.split, request) == await _ask(split.whole, request), request


async def test_families_split_are_answered_as_whole_ones_are(
    own_valkey: TestValkey, channels: tuple[grpc.aio.Channel, grpc.aio.Channel]
) -> None:
    history = FamilyHistory(random.Random(31), most_families=60)  # noqa: S311 - a test's dice
    whole, split = map(FamilyQueryServiceStub, channels)
    async with split_models(own_valkey, FAMILIES, WrittenLog(family_stream_of)) as models:
        for message in history.steps(600):
            models.append(message)
        await models.catch_up()
        for request in _family_lists():
            assert await _rows(split, request) == await _rows(whole, request), request
        for request in _family_questions(history):
            assert await _ask(split, request) == await _ask(whole, request), request


async def test_pages_are_full_though_one_partition_has_all_of_them(split: Split) -> None:
    for messages in split.history.place_many(400):
        if partition_of(f"order-{messages[0].order_id}", PARTITIONS) == 1:  # type: ignore[attr-defined]
            split.models.append(*messages)
    await split.models.catch_up()
    request = queries.ListOrdersRequest(page_size=60)
    pages = await _rows(split.split, request)
    assert (len(pages[0]), pages) == (60, await _rows(split.whole, request))


async def _next_page(stub: Any, request: Any, token: str) -> Any:
    request.page_token = token
    call = getattr(stub, type(request).DESCRIPTOR.name.removesuffix("Request"))(request)
    async for page in call:
        call.cancel()
        return page
    raise AssertionError("a list has at least one page")


@pytest.mark.parametrize("make", [
    lambda: queries.ListOrdersRequest(page_size=7),
    lambda: queries.ListOrdersRequest(page_size=7, is_ascending=True),
    lambda: queries.SearchOrdersRequest(term="a", page_size=5),
])  # fmt: skip
async def test_what_was_there_throughout_appears_once_though_partitions_drift(
    split: Split, make: Callable[[], Any]
) -> None:
    split.place(120)
    await split.models.catch_up()
    there = set(await order_ids(split.split, make()))
    chance, seen, token = random.Random(37), Counter[str](), ""  # noqa: S311 - a test's dice
    for _ in range(1000):
        page = await _next_page(split.split, make(), token)
        seen.update(order.order_id for order in page.orders)
        token = page.next_page_token
        if not token:
            break
        split.change(2)
        await split.models.drift(chance)
    assert len(there) > 60
    assert {id_: n for id_, n in seen.items() if id_ in there} == dict.fromkeys(there, 1)


async def test_an_answer_is_as_fresh_as_the_partition_that_is_last(split: Split) -> None:
    split.place(40)
    await split.models.catch_up()
    before = split.models.parts[0].position
    token = split.models.append(*split.history.move())
    ahead, *others = split.models.parts
    await ahead.catch_up()
    page = (await pages_of(split.split, queries.ListOrdersRequest()))[0]
    assert page.freshness.position == before
    late = queries.ListOrdersRequest(consistency=fresh(token))
    waiting = asyncio.create_task(pages_of(split.split, late))
    for models in others:
        assert not waiting.done()
        await models.catch_up()
    assert (await waiting)[0].freshness.position == split.models.log.head


async def test_one_entity_waits_for_its_own_partition_alone(split: Split) -> None:
    (order_id,) = split.place(1)
    await split.models.catch_up()
    token = split.models.append(*split.history.move())
    await split.models.parts[partition_of(f"order-{order_id}", PARTITIONS)].catch_up()
    request = queries.GetOrderRequest(order_id=order_id, consistency=fresh(token))
    assert (await split.split.GetOrder(request)).freshness.position == split.models.log.head


async def test_a_page_token_of_another_split_is_refused(split: Split) -> None:
    split.place(40)
    await split.models.catch_up()
    for stub, other in ((split.whole, split.split), (split.split, split.whole)):
        page = await _next_page(stub, queries.ListOrdersRequest(page_size=3), "")
        request = queries.ListOrdersRequest(page_size=3, page_token=page.next_page_token)
        refused = await refusal_of(pages_of(other, request))
        assert refused.info.reason == "GENERATION_GONE"
