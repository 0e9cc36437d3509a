"""Clients that never give up: each command is sent again with the same id until it is acknowledged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from tests.end_to_end.shop import AT_ONCE_SECONDS, DEADLINE_SECONDS, Shop, new_id
from tests.services.write_services import Caller, receive
from tests.waiting import eventually

_CLIENTS = 8
# What a caller may meet while parts of a stack are down; each says that the command may be repeated.
_REPEATABLE = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


class SteadyLoad:
    """Units received of one product; what was acknowledged, by command id."""

    def __init__(self, callers: list[Caller]) -> None:
        self.sku = new_id("sku")
        self.acknowledged: dict[str, Any] = {}
        self.refusals: list[grpc.StatusCode] = []
        self._callers = callers
        self._is_over = False

    async def more(self, count: int) -> None:
        """So many more commands are acknowledged, in time."""
        goal = len(self.acknowledged) + count

        async def is_reached() -> bool:
            return len(self.acknowledged) >= goal

        await eventually(is_reached, seconds=DEADLINE_SECONDS)

    async def refused(self, count: int) -> None:
        """So many more sends are refused, in time."""
        goal = len(self.refusals) + count

        async def is_reached() -> bool:
            return len(self.refusals) >= goal

        await eventually(is_reached, seconds=DEADLINE_SECONDS)

    @property
    def last_receipt(self) -> Any:
        return max((each.receipt for each in self.acknowledged.values()), key=lambda each: each.position)

    async def client(self, number: int) -> None:
        """Send one command after the other."""
        while not self._is_over:
            request = receive(self.sku)
            self.acknowledged[request.context.command_id] = await self._until_acknowledged(request, number)

    def end(self) -> None:
        self._is_over = True

    async def _until_acknowledged(self, request: Any, number: int) -> Any:
        while True:
            # Another service each time, as a client with several addresses does it.
            number += 1
            caller = self._callers[number % len(self._callers)]
            try:
                return await caller.orders.ReceiveStock(request, timeout=AT_ONCE_SECONDS)
            except grpc.aio.AioRpcError as error:
                if error.code() not in _REPEATABLE:
                    raise
                self.refusals.append(error.code())
                # No wait for anything: a client's pause before it tries again.
                await asyncio.sleep(0.02)


@asynccontextmanager
async def steady_load(shop: Shop, callers: list[Caller]) -> AsyncIterator[SteadyLoad]:
    """Load that goes on through the block; after it every command that was sent is acknowledged."""
    load = SteadyLoad(callers)
    await shop.write.product(load.sku)
    clients = [asyncio.create_task(load.client(number)) for number in range(_CLIENTS)]
    try:
        yield load
    finally:
        load.end()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.gather(*clients)
