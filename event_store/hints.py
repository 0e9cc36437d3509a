"""Hints that the log has grown, over NOTIFY: they make followers quick, never correct."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from event_store.connections import Connections
from event_store.errors import StoreError

# From one hint to the next. A caller that appends without pause would pay for each append's hint as much
# again as for the append, and its followers read so many events at a time anyway.
_PAUSE_SECONDS = 0.002


class Announcer:
    """Sends hints, one at a time; what comes up meanwhile and shortly after becomes one more."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._wanted = asyncio.Event()
        self._is_for_one = False
        self._task: asyncio.Task[None] | None = None

    def announce(self, *, is_for_one: bool = False) -> None:
        """Asks for a hint; returns at once.

        It leaves before the callers' answers, which may be many, but after the answer to one that is alone.
        """
        self._is_for_one = is_for_one
        self._wanted.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stops; a hint not yet sent is dropped."""
        if self._task is not None:
            await _stopped(self._task)

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            try:
                async with self._connections.single() as connection:
                    await connection.fetch("announce_without_flush")
                    while True:
                        await self._wanted.wait()
                        if self._is_for_one:
                            await asyncio.sleep(0)
                        self._wanted.clear()
                        sent_at = time.monotonic()
                        # Not within the append: NOTIFY would make its transaction wait for others.
                        await connection.repeat("announce")
                        await asyncio.sleep(sent_at + _PAUSE_SECONDS - time.monotonic())
            except (StoreError, psycopg.Error):
                await asyncio.sleep(random.uniform(0.1, 0.3))  # noqa: S311 - no secret


class Hints:
    """One follower's view of the hints."""

    def __init__(self) -> None:
        self._came = asyncio.Event()

    async def wait(self, timeout_seconds: float) -> None:
        """Returns at a hint, at once if one came since the last wait, else after `timeout_seconds`."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._came.wait()
        except TimeoutError:
            return
        self._came.clear()

    def tell(self) -> None:
        """Ends the wait, or the next one."""
        self._came.set()


class Listener:
    """Passes hints from one connection on to every follower in the process."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._followers: set[Hints] = set()
        self._task: asyncio.Task[None] | None = None
        self.heard = 0

    @asynccontextmanager
    async def hints(self) -> AsyncIterator[Hints]:
        """Hints for the length of the block."""
        follower = Hints()
        self._followers.add(follower)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def close(self) -> None:
        """Stops listening."""
        if self._task is not None:
            await _stopped(self._task)

    async def _run(self) -> None:
        while True:
            try:
                async with self._connections.single() as connection:
                    await connection.fetch("listen")
                    # What was appended while nobody listened.
                    self._tell()
                    async for _ in connection.driver.notifies():
                        self._tell()
            except (StoreError, psycopg.Error):
                await asyncio.sleep(random.uniform(0.1, 0.3))  # noqa: S311 - no secret

    def _tell(self) -> None:
        self.heard += 1
        for follower in self._followers:
            follower.tell()


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
