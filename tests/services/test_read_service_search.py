"""Search: part of a name or e-mail address, any case, without accents; by name, newest first."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from diptych.orders.v1 import order_query_service_pb2 as queries

from tests.order_events import START, approved, placed
from tests.services.kit_service import refusal_of
from tests.services.order_read_models import ReadModels, order_ids, pages_of, read_models, read_service
from tests.valkey_server import TestValkey

# id, customer, name, e-mail, hours after the start
ORDERS = (
    ("1", "c1", "Zoë Müller", "zoe@example.com", 1),
    ("2", "c1", "Zoë Müller", "zoe@example.com", 3),
    ("3", "c1", "Zoë Schmidt", "zoe@example.com", 2),
    ("4", "c2", "Anna Straße", "ANNA@MULLER.example", 5),
    ("5", "c3", "anna strasse", "other@example.org", 1),
    ("6", "c4", "Zoe Muller", "zoe@example.com", 2),
    ("7", "c5", "Łukasz Øre", "lukasz@example.pl", 2),
    ("8", "c1", "ZOË MÜLLER", "zoe@example.com", 4),
)


@pytest.fixture
async def models(valkey: TestValkey) -> AsyncIterator[ReadModels]:
    async with read_models(valkey) as started:
        for id_, customer_id, name, email, hours in ORDERS:
            at = START + timedelta(hours=hours)
            started.append(
                placed(id_, ("mug", 1, 100), customer_id=customer_id, name=name, email=email, at=at)
            )
        await started.catch_up()
        yield started


@pytest.fixture
async def stub(valkey: TestValkey, models: ReadModels) -> AsyncIterator[Any]:
    async with read_service(valkey) as started:
        yield started


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("MÜLLER", {"1", "2", "4", "6", "8"}),
        ("muller", {"1", "2", "4", "6", "8"}),
        ("strasse", {"4", "5"}),
        ("STRASSE", {"4", "5"}),
        ("zoe@", {"1", "2", "3", "6", "8"}),
        ("lukasz ore", {"7"}),
        ("z", {"1", "2", "3", "6", "7", "8"}),
        ("example.o", {"5"}),
        ("nobody", set()),
        # Half in the name and half in the address is in neither.
        ("strasse anna", set()),
        ("muller zoe", set()),
    ],
)
async def test_a_part_of_name_or_email_finds_orders(stub: Any, term: str, found: set[str]) -> None:
    ids = await order_ids(stub, queries.SearchOrdersRequest(term=term))
    assert len(ids) == len(set(ids))
    assert set(ids) == found


async def test_orders_come_by_name_and_newest_first_for_a_name(stub: Any) -> None:
    assert await order_ids(stub, queries.SearchOrdersRequest(term="zoe")) == ["8", "2", "6", "1", "3"]


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_a_search_is_cut_and_resumed_anywhere(stub: Any, size: int) -> None:
    whole = await order_ids(stub, queries.SearchOrdersRequest(term="e"))
    seen, token = [], ""
    for _ in range(100):
        request = queries.SearchOrdersRequest(term="e", page_size=size, limit=size, page_token=token)
        [page] = await pages_of(stub, request)
        seen += [order.order_id for order in page.orders]
        token = page.next_page_token
        if not token:
            break
    assert seen == whole
    assert len(whole) == len(ORDERS)


async def test_a_search_sees_orders_as_they_are_now(models: ReadModels, stub: Any) -> None:
    await models.write(approved("7"))
    [page] = await pages_of(stub, queries.SearchOrdersRequest(term="lukasz"))
    assert page.orders[0].version == 2


@pytest.mark.parametrize("term", [" ", "\u0301"])
async def test_nothing_to_search_for_is_refused(stub: Any, term: str) -> None:
    refused = await refusal_of(pages_of(stub, queries.SearchOrdersRequest(term=term)))
    assert (refused.info.reason, refused.fields) == ("INVALID_REQUEST", ["term"])


async def test_long_names_can_be_resumed_after(models: ReadModels, stub: Any) -> None:
    name = "\ufdfa한국어이름" * 30
    for number in range(3):
        models.append(
            placed(f"long{number}", ("mug", 1, 1), customer_id=f"l{number}", name=name, email="l@example.kr")
        )
    await models.catch_up()
    seen, token = [], ""
    for _ in range(10):
        request = queries.SearchOrdersRequest(term="한국", page_size=1, limit=1, page_token=token)
        [page] = await pages_of(stub, request)
        seen += [order.order_id for order in page.orders]
        token = page.next_page_token
        if not token:
            break
    assert sorted(seen) == ["long0", "long1", "long2"]
