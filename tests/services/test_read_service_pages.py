"""Pages: complete while orders change, resumable anywhere, and no token but ours is taken."""

import asyncio
import base64
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import views_pb2 as views

from read_store import ReadStore
from service_kit.tokens import seal
from tests.order_histories import History
from tests.services.kit_service import Refused, refusal_of
from tests.services.order_read_models import (
    TOKEN_KEY,
    ReadModels,
    order_ids,
    pages_of,
    read_models,
    read_service,
)
from tests.valkey_server import TestValkey


@dataclass(slots=True)
class Replicas:
    """Two read services over the same read models, which go on changing when asked to."""

    stubs: tuple[Any, Any]
    models: ReadModels
    history: History

    async def place(self, count: int) -> set[str]:
        """Place orders; answer the ids of all there are."""
        for messages in self.history.place_many(count):
            self.models.append(*messages)
        await self.models.catch_up()
        return set(self.history.orders)

    async def change(self, count: int) -> None:
        """Change orders that exist, and place new ones among them."""
        for _ in range(count):
            self.models.append(*self.history.move())
            for messages in self.history.place_many(1):
                self.models.append(*messages)
        await self.models.catch_up()


@pytest.fixture
async def replicas(valkey: TestValkey) -> AsyncIterator[Replicas]:
    history = History(random.Random(23))  # noqa: S311 - a test's dice
    async with read_models(valkey) as models, read_service(valkey) as one, read_service(valkey) as other:
        models.append(*history.beginning())
        await models.catch_up()
        yield Replicas((one, other), models, history)


async def next_page(stub: Any, request: Any) -> Any:
    """The first page of a stream, which is then hung up on."""
    call = getattr(stub, type(request).DESCRIPTOR.name.removesuffix("Request"))(request)
    async for page in call:
        call.cancel()
        return page
    raise AssertionError("a list has at least one page")


def _with_token(request: Any, token: str) -> Any:
    resumed = type(request)()
    resumed.CopyFrom(request)
    resumed.page_token = token
    return resumed


@pytest.mark.parametrize("is_ascending", [False, True])
async def test_what_was_there_throughout_appears_once_though_cut_at_every_page(
    replicas: Replicas, is_ascending: bool
) -> None:
    there = await replicas.place(150)
    request = queries.ListOrdersRequest(page_size=7, is_ascending=is_ascending)
    seen: Counter[str] = Counter()
    positions, token = [], ""
    for turn in range(1000):
        page = await next_page(replicas.stubs[turn % 2], _with_token(request, token))
        seen.update(order.order_id for order in page.orders)
        positions.append(page.freshness.position)
        token = page.next_page_token
        if not token:
            break
        await replicas.change(2)
    assert {id_: n for id_, n in seen.items() if id_ in there} == dict.fromkeys(there, 1)
    assert positions == sorted(positions)
    assert positions[0] < positions[-1]


async def test_paging_by_rank_misses_or_repeats(replicas: Replicas) -> None:
    """The sabotaged twin: places counted instead of remembered."""
    there = await replicas.place(150)
    seen: Counter[str] = Counter()
    for place in range(0, 150, 7):
        everything = await order_ids(replicas.stubs[0], queries.ListOrdersRequest(page_size=500))
        seen.update(everything[place : place + 7])
        await replicas.change(2)
    assert {id_: n for id_, n in seen.items() if id_ in there} != dict.fromkeys(there, 1)


async def test_one_stream_is_complete_while_orders_change(replicas: Replicas) -> None:
    there = await replicas.place(300)
    seen: Counter[str] = Counter()
    positions = []
    async for page in replicas.stubs[0].ListOrders(queries.ListOrdersRequest(page_size=20)):
        seen.update(order.order_id for order in page.orders)
        positions.append(page.freshness.position)
        await replicas.change(3)
    assert {id_: n for id_, n in seen.items() if id_ in there} == dict.fromkeys(there, 1)
    assert positions == sorted(positions)


@pytest.mark.parametrize("size", [1, 7, 10, 11])
async def test_every_page_but_the_last_has_a_token(replicas: Replicas, size: int) -> None:
    there = await replicas.place(10)
    pages = await pages_of(replicas.stubs[0], queries.ListOrdersRequest(page_size=size))
    assert all(page.next_page_token for page in pages[:-1])
    assert not pages[-1].next_page_token
    assert {order.order_id for page in pages for order in page.orders} == there
    assert all(len(page.orders) <= size for page in pages)


async def test_a_limit_ends_the_stream_with_a_token_to_go_on(replicas: Replicas) -> None:
    there = await replicas.place(10)
    pages = await pages_of(replicas.stubs[0], queries.ListOrdersRequest(page_size=4, limit=6))
    assert [len(page.orders) for page in pages] == [4, 2]
    rest = await order_ids(replicas.stubs[1], queries.ListOrdersRequest(page_token=pages[-1].next_page_token))
    first = [order.order_id for page in pages for order in page.orders]
    assert sorted(first + rest) == sorted(there)


async def test_a_page_has_100_orders_by_default_and_500_at_most(replicas: Replicas) -> None:
    await replicas.place(520)
    sizes = {
        asked: [
            len(page.orders)
            for page in await pages_of(replicas.stubs[0], queries.ListOrdersRequest(page_size=asked))
        ]
        for asked in (0, 10_000)
    }
    assert sizes[0][:5] == [100] * 5
    assert sizes[10_000] == [500, 20]


async def test_nothing_found_is_one_empty_page_with_freshness(replicas: Replicas) -> None:
    await replicas.place(3)
    [page] = await pages_of(replicas.stubs[0], queries.ListOrdersRequest(customer_id="nobody"))
    assert (len(page.orders), page.next_page_token) == (0, "")
    assert page.freshness.position == replicas.models.position


async def _token(replicas: Replicas, request: Any) -> str:
    page = await next_page(replicas.stubs[0], request)
    assert page.next_page_token
    return str(page.next_page_token)


async def test_altered_tokens_are_refused(replicas: Replicas) -> None:
    await replicas.place(10)
    token = await _token(replicas, queries.ListOrdersRequest(page_size=3))
    dice = random.Random(5)  # noqa: S311 - a test's dice
    altered = {_altered(token, dice) for _ in range(4000)} - {token, ""}
    assert len(altered) > 2000
    texts = list(altered)
    outcomes: Counter[str] = Counter()
    for start in range(0, len(texts), 50):
        calls = [_outcome(replicas.stubs[0], text) for text in texts[start : start + 50]]
        outcomes.update(await asyncio.gather(*calls))
    assert set(outcomes) == {"PAGE_TOKEN_INVALID"}


def _altered(token: str, dice: random.Random) -> str:
    letters = list(token)
    match dice.randrange(5):
        case 0:
            letters[dice.randrange(len(letters))] = dice.choice("ABCxyz019-_")
        case 1:
            del letters[dice.randrange(len(letters)) :]
        case 2:
            letters.insert(dice.randrange(len(letters)), dice.choice("Aé=+/ \n~"))
        case 3:
            raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
            return base64.urlsafe_b64encode(raw).decode().rstrip("=")
        case _:
            return base64.urlsafe_b64encode(dice.randbytes(dice.randrange(120))).decode()
    return "".join(letters) or "A"


async def _outcome(stub: Any, token: str) -> str:
    try:
        await pages_of(stub, queries.ListOrdersRequest(page_token=token))
    except grpc.aio.AioRpcError as error:
        return str(Refused(error).info.reason)
    return "OK"


async def test_sealed_nonsense_and_tokens_of_other_kinds_are_refused(replicas: Replicas) -> None:
    await replicas.place(3)
    page = await next_page(replicas.stubs[0], queries.ListOrdersRequest())
    texts = (
        page.freshness.token.token,
        seal("page", b"", TOKEN_KEY),
        seal("page", b"\0" * 200, TOKEN_KEY),
        seal("other", b"\0" * 48 + b"[1]", TOKEN_KEY),
    )
    assert {await _outcome(replicas.stubs[0], text) for text in texts} == {"PAGE_TOKEN_INVALID"}


@pytest.mark.parametrize(
    "other",
    [
        queries.ListOrdersRequest(status=views.ORDER_STATUS_PENDING),
        queries.ListOrdersRequest(customer_id="alice"),
        queries.ListOrdersRequest(is_high_value=False),
        queries.ListOrdersRequest(is_ascending=True),
        queries.ListOrdersRequest(order_by=queries.ORDER_BY_TOTAL),
        queries.ListProductsRequest(),
        queries.ListCustomerOrdersRequest(customer_id="alice"),
        queries.SearchOrdersRequest(term="a"),
    ],
)
async def test_a_token_of_another_list_is_refused(replicas: Replicas, other: Any) -> None:
    await replicas.place(10)
    token = await _token(replicas, queries.ListOrdersRequest(page_size=3))
    refused = await refusal_of(pages_of(replicas.stubs[0], _with_token(other, token)))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


async def test_a_default_that_is_named_is_the_same_list(replicas: Replicas) -> None:
    await replicas.place(10)
    token = await _token(replicas, queries.ListOrdersRequest(page_size=3))
    named = queries.ListOrdersRequest(order_by=queries.ORDER_BY_PLACED_AT, page_token=token)
    assert len(await order_ids(replicas.stubs[1], named)) == 7


async def test_a_token_of_a_read_model_that_was_replaced_is_refused(replicas: Replicas) -> None:
    await replicas.place(10)
    token = await _token(replicas, queries.ListOrdersRequest(page_size=3))
    await replicas.models.rebuild()
    await replicas.models.catch_up()
    refused = await refusal_of(pages_of(replicas.stubs[0], queries.ListOrdersRequest(page_token=token)))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "GENERATION_GONE")


async def test_a_resumed_list_waits_for_the_place_it_had_reached(
    valkey: TestValkey, replicas: Replicas
) -> None:
    """A store that went back by a failover answers a list only from where the list already was."""
    await replicas.place(10)
    stored = ReadStore(valkey.admin_url)
    await stored.open()
    checkpoint = await stored.checkpoint("orders")
    await stored.close()
    token = await _token(replicas, queries.ListOrdersRequest(page_size=3))
    assert checkpoint.position == replicas.models.position
    await replicas.models.go_back(valkey, checkpoint.position - 1)
    listing = asyncio.create_task(order_ids(replicas.stubs[1], queries.ListOrdersRequest(page_token=token)))
    await asyncio.wait((listing,), timeout=0.1)
    assert not listing.done()
    await replicas.models.go_back(valkey, checkpoint.position)
    await replicas.place(1)
    assert len(await listing) >= 7
