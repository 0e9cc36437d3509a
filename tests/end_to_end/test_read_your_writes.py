"""What a token promises: never an older answer, from any read service; and what happens without it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from diptych.consistency.v1.consistency_pb2 import Consistency, OnTimeout
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.projections.v1 import projection_admin_service_pb2 as projections

from tests.end_to_end.shop import DEADLINE_SECONDS, Reader, Shop, including, new_id, newest
from tests.services.kit_service import refusal_of
from tests.services.write_services import Caller, receive
from tests.stack import Stack
from tests.waiting import eventually

_CLIENTS, _PAIRS_EACH = 16, 64
_SHORT_SECONDS = 0.2


async def _product(reader: Reader, sku: str, consistency: Consistency | None = None) -> Any:
    query = queries.GetProductRequest(consistency=consistency, sku=sku)
    return await reader.orders.GetProduct(query, timeout=DEADLINE_SECONDS)


async def _received(shop: Shop, sku: str) -> Any:
    """Register a product, and receive one unit which the read side knows of."""
    written = await shop.write.product(sku, 1)
    await _product(shop.read, sku, including(written.receipt.token))
    return written


async def _stale_pairs(
    writers: list[Caller], readers: list[Reader], sku: str, seed: int, *, with_token: bool, pairs: int
) -> int:
    """How many reads of one client did not show the write just before them."""
    dice, stale = random.Random(seed), 0  # noqa: S311 - which process is called
    for number in range(2, pairs + 2):
        written = await dice.choice(writers).orders.ReceiveStock(receive(sku), timeout=DEADLINE_SECONDS)
        consistency = including(written.receipt.token) if with_token else Consistency()
        answer = await _product(dice.choice(readers), sku, consistency)
        stale += answer.product.received != number
        if with_token:
            assert answer.product.version == written.receipt.version
            assert not answer.freshness.stale
    return stale


async def test_a_read_with_the_token_of_a_write_is_never_stale(shop: Shop) -> None:
    writers, readers = [shop.write, shop.second_write], [shop.read, shop.second_read]

    async def client(seed: int) -> int:
        sku = new_id("sku")
        await _received(shop, sku)
        return await _stale_pairs(writers, readers, sku, seed, with_token=True, pairs=_PAIRS_EACH)

    assert sum(await asyncio.gather(*(client(seed) for seed in range(_CLIENTS)))) == 0


async def test_a_read_without_the_token_is_seen_to_be_stale_when_the_projector_is_late(
    stack: Stack, shop: Shop
) -> None:
    """The sabotaged twin."""
    sku = new_id("sku")
    await _received(shop, sku)
    with stack.frozen("projector"):
        stale = await _stale_pairs([shop.write], [shop.read], sku, 1, with_token=False, pairs=10)
    assert stale == 10


async def test_a_reader_who_hands_on_its_freshness_never_goes_back_in_time(shop: Shop) -> None:
    sku = new_id("sku")
    await _received(shop, sku)
    is_over = asyncio.Event()

    async def write() -> None:
        for _ in range(200):
            await shop.write.orders.ReceiveStock(receive(sku), timeout=DEADLINE_SECONDS)
        is_over.set()

    async def read(seed: int) -> list[tuple[int, int]]:
        dice, seen, consistency = random.Random(seed), list[tuple[int, int]](), Consistency()  # noqa: S311 - which process is called
        while not is_over.is_set() or len(seen) < 2:
            answer = await _product(dice.choice([shop.read, shop.second_read]), sku, consistency)
            seen.append((answer.freshness.position, answer.product.received))
            consistency = including(answer.freshness.token)
        return seen

    writing = asyncio.create_task(write())
    histories = await asyncio.gather(*(read(seed) for seed in range(8)))
    await writing
    for seen in histories:
        assert seen == sorted(seen)
        assert [received for _, received in seen] == sorted(received for _, received in seen)


async def test_what_another_client_just_wrote_is_seen_fully_consistent_without_its_token(shop: Shop) -> None:
    async def pairs(reader: Reader) -> None:
        sku = new_id("sku")
        await shop.second_write.product(sku)
        for number in range(1, 31):
            await shop.write.orders.ReceiveStock(receive(sku), timeout=DEADLINE_SECONDS)
            assert (await _product(reader, sku, newest())).product.received == number

    await asyncio.gather(*(pairs(reader) for reader in (shop.read, shop.second_read) * 4))


async def test_a_fully_consistent_read_is_refused_where_nobody_can_say_what_is_newest(
    stack: Stack, shop: Shop
) -> None:
    sku = new_id("sku")
    await _received(shop, sku)
    with stack.frozen("projector"):
        await shop.write.orders.ReceiveStock(receive(sku), timeout=DEADLINE_SECONDS)
        waiting = newest(max_wait_seconds=_SHORT_SECONDS)
        refused = await refusal_of(_product(shop.read, sku, waiting))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "PROJECTION_BEHIND")
        assert refused.retry_seconds > 0
        # The sabotaged twin: not asked for, the old answer is given.
        assert (await _product(shop.read, sku)).product.received == 1
    assert (await _product(shop.read, sku, newest())).product.received == 2


@asynccontextmanager
async def _paused(shop: Shop) -> AsyncIterator[None]:
    request = projections.PauseProjectionRequest(name="orders")
    paused = await shop.admin.projections.PauseProjection(request, timeout=DEADLINE_SECONDS)
    assert [each.status for each in paused.projections] == [projections.PROJECTION_STATUS_PAUSED]
    try:
        yield
    finally:
        resume = projections.ResumeProjectionRequest(name="orders")
        await shop.admin.projections.ResumeProjection(resume, timeout=DEADLINE_SECONDS)


@pytest.mark.parametrize("process", ["read", "second_read"])
async def test_a_paused_projection_fails_or_serves_stale_as_asked(shop: Shop, process: str) -> None:
    sku, reader = new_id("sku"), getattr(shop, process)
    await _received(shop, sku)
    async with _paused(shop):
        # A batch under way may still end after the pause was asked for; nothing is under way here.
        written = await shop.write.orders.ReceiveStock(receive(sku), timeout=DEADLINE_SECONDS)
        token = written.receipt.token
        waits = {"max_wait_seconds": _SHORT_SECONDS}
        refused = await refusal_of(_product(reader, sku, including(token, **waits)))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "PROJECTION_BEHIND")
        assert refused.info.metadata["required_position"] == str(written.receipt.position)
        assert int(refused.info.metadata["position"]) < written.receipt.position
        assert refused.retry_seconds > 0
        for asked in (including(token, on_timeout=OnTimeout.ON_TIMEOUT_SERVE_STALE, **waits),
                      newest(on_timeout=OnTimeout.ON_TIMEOUT_SERVE_STALE, **waits)):  # fmt: skip
            answer = await _product(reader, sku, asked)
            assert (answer.product.received, answer.freshness.stale) == (1, True)
            assert answer.freshness.position < written.receipt.position
    answer = await _product(reader, sku, including(token))
    assert (answer.product.received, answer.freshness.stale) == (2, False)


async def test_a_read_that_waits_through_a_pause_is_answered_when_it_ends(shop: Shop) -> None:
    sku = new_id("sku")
    await _received(shop, sku)
    async with _paused(shop):
        written = await shop.write.orders.ReceiveStock(receive(sku), timeout=DEADLINE_SECONDS)
        waiting = [
            asyncio.create_task(_product(reader, sku, including(written.receipt.token)))
            for reader in (shop.read, shop.second_read) * 10
        ]
        done, _ = await asyncio.wait(waiting, timeout=_SHORT_SECONDS)
        assert not done
    answers = await asyncio.gather(*waiting)
    assert {answer.product.received for answer in answers} == {2}


async def test_answers_are_labelled_stale_when_a_pause_is_longer_than_the_limit(
    stack: Stack, shop: Shop
) -> None:
    address = stack.another("read_service", "impatient_read_service", {"DIPTYCH_STALE_AFTER_SECONDS": "1.5"})
    sku = new_id("sku")
    await _received(shop, sku)
    async with grpc.aio.insecure_channel(address) as channel:
        reader = Reader(channel)

        async def labels(*, are_stale: bool) -> bool:
            return (await _product(reader, sku)).freshness.stale is are_stale

        async with _paused(shop):
            await shop.write.orders.ReceiveStock(receive(sku), timeout=DEADLINE_SECONDS)
            await eventually(lambda: labels(are_stale=True))
        await eventually(lambda: labels(are_stale=False))
    stack.stop_part("impatient_read_service")
