"""A caller that takes its time, or stops taking anything: others must not feel it."""

import asyncio
import random
from typing import Any

import grpc
from diptych.orders.v1 import order_query_service_pb2 as orders

_STALLED_SECONDS = 20.0


async def dawdle(stubs: dict[str, Any], chance: random.Random) -> None:
    """Watch and list orders slowly, over and over, until cancelled; whatever is answered is right."""
    while True:
        try:
            if chance.random() < 0.5:
                await _read(stubs["orders"].WatchOrders(orders.WatchOrdersRequest()), chance)
            else:
                await _read(stubs["orders"].ListOrders(orders.ListOrdersRequest(page_size=5)), chance)
        except grpc.aio.AioRpcError:
            # No wait for anything: a client's pause before it tries again.
            await asyncio.sleep(0.5)


async def _read(call: Any, chance: random.Random) -> None:
    taken, most = 0, chance.randint(1, 40)
    async for _ in call:
        taken += 1
        if taken >= most:
            # Nothing more is read, and the call stays open for a while.
            await asyncio.sleep(chance.uniform(0, _STALLED_SECONDS))
            call.cancel()
            return
        await asyncio.sleep(chance.uniform(0, 0.5))
