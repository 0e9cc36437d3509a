"""No oversell: not by many callers, not through two processes, and the test would see it if there were."""

import asyncio
import random

import grpc

from tests.postgres_server import LogDatabase
from tests.services.write_services import Caller, oversold, place, whole_log, write_process
from tests.stores.writers import sabotage

CALLERS, ORDERS_EACH = 64, 6
PRODUCTS, STOCK = 8, 30
# The append no longer compares versions; everything else is as in the product.
UNCHECKED = ("IF current_versions[number] <> read_versions[r] THEN", "IF false THEN")


async def _order(caller: Caller, seed: int) -> int:
    """Place orders at one service; how many were accepted."""
    choice = random.Random(seed)  # noqa: S311 - no secret
    accepted = 0
    for _ in range(ORDERS_EACH):
        skus = choice.sample(range(PRODUCTS), choice.randint(1, 3))
        request = place(f"c-{seed}", {f"hot-{sku}": choice.randint(1, 2) for sku in skus})
        try:
            await caller.orders.PlaceOrder(request, timeout=60)
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.FAILED_PRECONDITION, error  # noqa: PT017 - told apart by code
        else:
            accepted += 1
    return accepted


async def _run(database: LogDatabase) -> tuple[int, dict[str, int]]:
    async with write_process(database) as one, write_process(database) as two:
        await asyncio.gather(*(one.caller.product(f"hot-{sku}", STOCK) for sku in range(PRODUCTS)))
        await asyncio.gather(*(one.caller.customer(f"c-{seed}") for seed in range(CALLERS)))
        callers = [one.caller, two.caller]
        # Both know every product before the rush, and from then on neither asks what the other sells.
        for caller in callers:
            await caller.orders.PlaceOrder(place("c-0", {f"hot-{sku}": 1 for sku in range(PRODUCTS)}))
        accepted = await asyncio.gather(*(_order(callers[seed % 2], seed) for seed in range(CALLERS)))
    events = await whole_log(database)
    assert sum(event.type.endswith(".OrderPlaced") for event in events) == len(callers) + sum(accepted)
    return sum(accepted), oversold(events)


async def test_64_callers_of_two_processes_never_oversell_8_products(log_database: LogDatabase) -> None:
    accepted, too_many = await _run(log_database)
    assert accepted > 0
    assert too_many == {}


async def test_twin_unchecked_versions_oversell(log_database: LogDatabase) -> None:
    sabotage(log_database, UNCHECKED)
    _, too_many = await _run(log_database)
    assert too_many
