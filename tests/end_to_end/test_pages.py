"""A long list that is streamed in pages while it changes: what stays in it appears exactly once."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any

import pytest
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import views_pb2 as views

from tests.end_to_end.shop import DEADLINE_SECONDS, Reader, Shop, including, new_id
from tests.services.write_services import a_context, place
from tests.waiting import eventually

_ORDERS, _FEWER_ORDERS, _PAGE = 2_000, 1_000, 50
_SKUS = 16
# A batch lasts as long as the lists that are read beside it.
_LONG_SECONDS = 240
_FIRST_PLACED_SECONDS = 1_300_000_000

Execute = commands.ExecuteBatchRequest


class Orders:
    """Some thousand orders of one customer, and commands that change the list while it is read."""

    def __init__(self, shop: Shop, count: int = _ORDERS) -> None:
        self._count = count
        self.customer = new_id("customer")
        self.there_throughout = {f"{self.customer}-{number:05}" for number in range(count)}
        self.token: Any = None
        self.changes = 0
        self._skus = [new_id("sku") for _ in range(_SKUS)]
        self._writers = (shop.write, shop.second_write)
        self._is_over = False

    async def place(self) -> None:
        """Place them all, over two write services; each batch has products of its own."""
        await self._writers[0].customer(self.customer)
        for sku in self._skus:
            await self._writers[0].product(sku, 100_000)
        batches = [self._placed(range(start, self._count, _SKUS)) for start in range(_SKUS)]
        receipts = await asyncio.gather(
            *(self._execute(number, batch) for number, batch in enumerate(batches))
        )
        self.token = max(receipts, key=lambda receipt: receipt.position).token

    def _placed(self, numbers: Iterable[int]) -> Iterator[Execute]:
        for number in numbers:
            # Several orders share each second, so that their ids decide.
            yield self.order(f"{self.customer}-{number:05}", number, number // 3)

    def order(self, order_id: str, number: int, second: int) -> Execute:
        request = place(self.customer, {self._skus[number % _SKUS]: 1})
        request.order_id = order_id
        request.placed_at.seconds = _FIRST_PLACED_SECONDS + second
        return Execute(place_order=request)

    async def _execute(self, number: int, batch: Iterable[Execute]) -> Any:
        last = None
        writer = self._writers[number % 2]
        async for answer in writer.orders.ExecuteBatch(iter(batch), timeout=_LONG_SECONDS):
            assert not answer.HasField("error"), answer.error
            last = getattr(answer, answer.WhichOneof("outcome")).receipt
        return last

    async def change(self) -> None:
        """Place new orders between the old ones, approve and cancel old ones, until the list was read.

        Every fifth stays as it is, however long the reading takes.
        """
        numbers = [number for number in range(self._count) if number % 5]
        random.Random(1).shuffle(numbers)  # noqa: S311 - which orders change

        async def until_over() -> AsyncIterator[Execute]:
            for number in itertools.takewhile(lambda _: not self._is_over, numbers):
                yield self.order(f"{self.customer}-new-{number:05}", number, number // 3)
                yield self._changed(f"{self.customer}-{number:05}", number)

        async for answer in self._writers[0].orders.ExecuteBatch(until_over(), timeout=_LONG_SECONDS):
            assert not answer.HasField("error"), answer.error
            self.changes += 1

    async def has_changed(self) -> bool:
        """Whether the list has begun to change."""
        return self.changes > 0

    def end(self) -> None:
        self._is_over = True

    def _changed(self, order_id: str, number: int) -> Execute:
        if number % 2:
            approve = commands.ApproveOrderRequest(context=a_context(), order_id=order_id, approved_by="Ben")
            return Execute(approve_order=approve)
        cancel = commands.CancelOrderRequest(context=a_context(), order_id=order_id, reason="late")
        return Execute(cancel_order=cancel)

    async def now_place(self, order_id: str) -> Any:
        """One more order, the newest of all."""
        batch = [self.order(order_id, 0, self._count)]
        return (await self._execute(0, batch)).token


@pytest.fixture(scope="module")
async def orders(shop: Shop) -> Orders:
    placed = Orders(shop)
    await placed.place()
    return placed


async def _walk(readers: Sequence[Reader], request: queries.ListOrdersRequest, cuts: int | None) -> list[str]:
    """The ids in the order seen; cut after so many pages each time, and resumed on the next reader."""
    seen: list[str] = []
    for reader in itertools.cycle(readers):
        call = reader.orders.ListOrders(request, timeout=_LONG_SECONDS)
        pages = 0
        async for page in call:
            pages += 1
            seen += [row.order_id for row in page.orders]
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return seen
            if pages == cuts:
                call.cancel()
                break
    raise AssertionError("there is always another reader")


def _violations(seen: list[str], there_throughout: set[str]) -> dict[str, int]:
    """Of what was there throughout: how many were missed, and how many seen more than once."""
    times = Counter(seen)
    missed = len(there_throughout - times.keys())
    return {"missed": missed, "repeated": sum(times[each] > 1 for each in there_throughout)}


_RIGHT = {"missed": 0, "repeated": 0}
_FILTERS: dict[str, dict[str, Any]] = {
    "newest first": {},
    "oldest first": {"is_ascending": True},
    "by total": {"order_by": queries.ORDER_BY_TOTAL},
}


@pytest.mark.parametrize("cuts", [None, 1])
@pytest.mark.parametrize("filters", _FILTERS)
async def test_what_is_there_throughout_appears_exactly_once(
    shop: Shop, orders: Orders, filters: str, cuts: int | None
) -> None:
    request = queries.ListOrdersRequest(
        consistency=including(orders.token),
        customer_id=orders.customer,
        page_size=_PAGE,
        **_FILTERS[filters],
    )
    seen = await _walk((shop.read, shop.second_read), request, cuts)
    assert _violations(seen, orders.there_throughout) == _RIGHT


async def test_every_order_is_seen_once_while_orders_are_placed_approved_and_cancelled(
    shop: Shop,
) -> None:
    orders = Orders(shop)
    await orders.place()
    changing = asyncio.create_task(orders.change())
    await eventually(orders.has_changed)
    for is_ascending, cuts in ((False, 1), (True, 1), (False, None)):
        request = queries.ListOrdersRequest(
            consistency=including(orders.token),
            customer_id=orders.customer,
            page_size=_PAGE,
            is_ascending=is_ascending,
        )
        seen = await _walk((shop.read, shop.second_read), request, cuts)
        assert _violations(seen, orders.there_throughout) == _RIGHT
    orders.end()
    await changing


@pytest.mark.parametrize("resumes_by_token", [True, False])
async def test_a_client_that_counts_rows_instead_of_taking_the_token_sees_rows_twice(
    shop: Shop, orders: Orders, resumes_by_token: bool
) -> None:
    """Between two pages an order is placed at the top; skipping as many rows as were seen is the twin."""
    consistency, seen, page_token = including(orders.token), list[str](), ""
    while True:
        request = queries.ListOrdersRequest(
            consistency=consistency, customer_id=orders.customer, page_size=_PAGE, limit=_PAGE
        )
        if resumes_by_token:
            request.page_token = page_token
        else:
            request.limit = len(seen) + _PAGE
        pages = [page async for page in shop.read.orders.ListOrders(request, timeout=DEADLINE_SECONDS)]
        rows = [row.order_id for page in pages for row in page.orders]
        seen += rows if resumes_by_token else rows[len(seen) :]
        page_token = pages[-1].next_page_token
        if len(seen) >= 5 * _PAGE:
            break
        consistency = including(await orders.now_place(new_id("order")))
    old = set(seen) & orders.there_throughout
    assert (_violations(seen, old) == _RIGHT) is resumes_by_token


async def test_a_status_that_an_order_leaves_is_no_place_where_it_is_repeated(
    shop: Shop,
) -> None:
    """Orders leave the list of pending ones while it is read; none that stays is missed or seen twice."""
    orders = Orders(shop, _FEWER_ORDERS)
    await orders.place()
    changing = asyncio.create_task(orders.change())
    await eventually(orders.has_changed)
    request = queries.ListOrdersRequest(
        consistency=including(orders.token),
        customer_id=orders.customer,
        page_size=_PAGE,
        status=views.ORDER_STATUS_PENDING,
    )
    seen = await _walk((shop.read, shop.second_read), request, 1)
    orders.end()
    await changing
    request = queries.ListOrdersRequest(customer_id=orders.customer, status=views.ORDER_STATUS_PENDING)
    still = set(await _walk((shop.read,), request, None)) & orders.there_throughout
    assert still
    assert _violations(seen, still) == _RIGHT
    assert all(times == 1 for times in Counter(seen).values())
