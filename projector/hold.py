"""Lets the live generation stand still for a moment, so that another one can be held against it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from read_store import Checkpoint


class Hold:
    """Between the loop that follows the log for the live generation and the one that fills another beside."""

    def __init__(self) -> None:
        self._wanted: int | None = None
        self._held: asyncio.Future[Checkpoint] | None = None
        self._released = asyncio.Event()

    @asynccontextmanager
    async def standing(self, position: int) -> AsyncIterator[Checkpoint]:
        """The checkpoint at which the live generation stands from now on: there or further, unless it can't
        go there."""
        self._held = asyncio.get_running_loop().create_future()
        self._wanted = position
        self._released.clear()
        try:
            yield await self._held
        finally:
            self._wanted, self._held = None, None
            self._released.set()

    def is_wanted_at(self, checkpoint: Checkpoint) -> bool:
        """Whether the live generation has to stop here."""
        return self._wanted is not None and checkpoint.position >= self._wanted

    def stand(self, checkpoint: Checkpoint) -> bool:
        """Tells that the live generation stands, all that was sent being applied; whether anybody waits."""
        if self._held is None:
            return False
        if not self._held.done():
            self._held.set_result(checkpoint)
        return True

    async def released(self, timeout_seconds: float) -> bool:
        """Waits until the live generation may go on; False when the time is over before."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._released.wait()
        except TimeoutError:
            return False
        return True
