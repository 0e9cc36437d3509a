"""What a token promises holds of families too, and of one domain's token in the other's queries."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from diptych.consistency.v1.consistency_pb2 import Consistency
from diptych.families.v1 import family_query_service_pb2 as families
from diptych.orders.v1 import order_query_service_pb2 as orders
from diptych.projections.v1 import projection_admin_service_pb2 as projections

from tests.end_to_end.every_family_command import enroll, set_risk
from tests.end_to_end.shop import DEADLINE_SECONDS, Reader, Shop, including, new_id
from tests.services.kit_service import refusal_of
from tests.services.write_services import receive
from tests.stack import Stack

_CLIENTS, _PAIRS_EACH = 8, 32
_SHORT_SECONDS = 0.2
# Below the list of families at risk, which other tests look at.
_HIGHEST_SCORE = 60

Ask = Callable[[Reader, str, Consistency | None], Awaitable[Any]]


async def _family(reader: Reader, family_id: str, consistency: Consistency | None = None) -> Any:
    query = families.GetFamilyRequest(consistency=consistency, family_id=family_id)
    return await reader.families.GetFamily(query, timeout=DEADLINE_SECONDS)


async def _tiers(reader: Reader, _id: str, consistency: Consistency | None = None) -> Any:
    query = families.GetFamiliesByRiskTierRequest(consistency=consistency)
    return await reader.families.GetFamiliesByRiskTier(query, timeout=DEADLINE_SECONDS)


async def _product(reader: Reader, sku: str, consistency: Consistency | None = None) -> Any:
    query = orders.GetProductRequest(consistency=consistency, sku=sku)
    return await reader.orders.GetProduct(query, timeout=DEADLINE_SECONDS)


async def _sales(reader: Reader, _id: str, consistency: Consistency | None = None) -> Any:
    query = orders.GetSalesReportRequest(consistency=consistency)
    return await reader.orders.GetSalesReport(query, timeout=DEADLINE_SECONDS)


async def _enrolled(shop: Shop) -> str:
    """A family that the read side knows of."""
    family_id = new_id("family")
    written = await shop.write.families.EnrollFamily(enroll(family_id), timeout=DEADLINE_SECONDS)
    await _family(shop.read, family_id, including(written.receipt.token))
    return family_id


async def _stale_pairs(shop: Shop, family_id: str, seed: int, *, with_token: bool, pairs: int) -> int:
    """How many reads of one client did not show the write just before them."""
    dice, stale = random.Random(seed), 0  # noqa: S311 - which process is called
    for number in range(1, pairs + 1):
        score = number % _HIGHEST_SCORE
        writer, reader = (
            dice.choice([shop.write, shop.second_write]),
            dice.choice([shop.read, shop.second_read]),
        )
        written = await writer.families.UpdateRiskScore(set_risk(family_id, score), timeout=DEADLINE_SECONDS)
        consistency = including(written.receipt.token) if with_token else None
        answer = await _family(reader, family_id, consistency)
        stale += (answer.family.risk_score, answer.family.version) != (score, written.receipt.version)
    return stale


async def test_a_read_with_the_token_of_a_write_is_never_stale(shop: Shop) -> None:
    async def client(seed: int) -> int:
        return await _stale_pairs(shop, await _enrolled(shop), seed, with_token=True, pairs=_PAIRS_EACH)

    assert sum(await asyncio.gather(*(client(seed) for seed in range(_CLIENTS)))) == 0


async def test_a_read_without_the_token_is_seen_to_be_stale_when_the_projector_is_late(
    stack: Stack, shop: Shop
) -> None:
    """The sabotaged twin."""
    family_id = await _enrolled(shop)
    with stack.frozen("projector"):
        assert await _stale_pairs(shop, family_id, 1, with_token=False, pairs=10) == 10


@asynccontextmanager
async def _paused(shop: Shop, name: str) -> AsyncIterator[None]:
    request = projections.PauseProjectionRequest(name=name)
    paused = await shop.admin.projections.PauseProjection(request, timeout=DEADLINE_SECONDS)
    assert [each.status for each in paused.projections] == [projections.PROJECTION_STATUS_PAUSED]
    try:
        yield
    finally:
        resume = projections.ResumeProjectionRequest(name=name)
        await shop.admin.projections.ResumeProjection(resume, timeout=DEADLINE_SECONDS)


@pytest.mark.parametrize("asks", [_family, _tiers])
async def test_a_token_of_an_order_command_makes_a_query_of_families_wait_for_its_own_projection(
    shop: Shop, asks: Ask
) -> None:
    family_id, sku = await _enrolled(shop), new_id("sku")
    await shop.write.product(sku)
    async with _paused(shop, "families"):
        written = await shop.write.orders.ReceiveStock(receive(sku), timeout=DEADLINE_SECONDS)
        # The projection of the other domain is there already.
        answer = await _product(shop.read, sku, including(written.receipt.token))
        assert answer.product.received == 1
        await _check_behind(shop, asks, family_id, written.receipt)
    await _check_reached(shop, asks, family_id, written.receipt)


@pytest.mark.parametrize("asks", [_product, _sales])
async def test_a_token_of_a_family_command_makes_a_query_of_orders_wait_for_its_own_projection(
    shop: Shop, asks: Ask
) -> None:
    family_id, sku = await _enrolled(shop), new_id("sku")
    registered = await shop.write.product(sku)
    await _product(shop.read, sku, including(registered.receipt.token))
    async with _paused(shop, "orders"):
        written = await shop.write.families.UpdateRiskScore(set_risk(family_id, 9), timeout=DEADLINE_SECONDS)
        answer = await _family(shop.read, family_id, including(written.receipt.token))
        assert answer.family.risk_score == 9
        await _check_behind(shop, asks, sku, written.receipt)
    await _check_reached(shop, asks, sku, written.receipt)


async def _check_behind(shop: Shop, asks: Ask, id_: str, receipt: Any) -> None:
    waiting = including(receipt.token, max_wait_seconds=_SHORT_SECONDS)
    refused = await refusal_of(asks(shop.read, id_, waiting))
    assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "PROJECTION_BEHIND")
    assert refused.info.metadata["required_position"] == str(receipt.position)
    # The sabotaged twin: without the token the older answer is given.
    assert (await asks(shop.read, id_, None)).freshness.position < receipt.position


async def _check_reached(shop: Shop, asks: Ask, id_: str, receipt: Any) -> None:
    answers = [await asks(reader, id_, including(receipt.token)) for reader in (shop.read, shop.second_read)]
    assert all(answer.freshness.position >= receipt.position for answer in answers)
