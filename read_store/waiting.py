"""Waiting for a position by push: one subscription a process, a heap of waiters a projection."""

import asyncio
import heapq
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from read_store.errors import ReadStoreUnavailable

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A place that a projection has come to."""

    generation: int
    epoch: UUID
    position: int


@dataclass(slots=True)
class Progress:
    """What this process knows of one projection's place, and who waits for it to move."""

    known: Applied | None = None
    _expired: int = 0
    _waiters: list[tuple[int, int, UUID, "asyncio.Future[bool]"]] = field(default_factory=list)
    _watchers: set["asyncio.Future[None]"] = field(default_factory=set)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def observe(self, applied: Applied) -> None:
        """Takes note of a place and wakes whom it satisfies."""
        self.known = applied
        for watcher in self._watchers:
            if not watcher.done():
                watcher.set_result(None)
        self._watchers.clear()
        others = []
        while self._waiters and self._waiters[0][0] <= applied.position:
            waiter = heapq.heappop(self._waiters)
            if waiter[3].done():
                continue
            if waiter[2] == applied.epoch:
                waiter[3].set_result(True)
            else:
                others.append(waiter)
        for waiter in others:
            heapq.heappush(self._waiters, waiter)

    def forget(self, reason: str) -> None:
        """Nothing is known any more, since the store may come back with an older place; whoever waits gets
        ReadStoreUnavailable."""
        self.known = None
        waiting: list[asyncio.Future[Any]] = [*(waiter[3] for waiter in self._waiters), *self._watchers]
        self._waiters, self._expired = [], 0
        self._watchers.clear()
        refuse(waiting, reason)

    def has_reached(self, epoch: UUID, position: int) -> bool:
        """Whether the place known is at or past that position of that log."""
        return self.known is not None and self.known.epoch == epoch and self.known.position >= position

    async def reached(self, epoch: UUID, position: int, timeout_seconds: float) -> bool:
        """Waits for a position; False when the time is over; raises ReadStoreUnavailable."""
        if self.has_reached(epoch, position):
            return True
        reached: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, (position, next(self._numbers), epoch, reached))
        has_come = await _within(reached, timeout_seconds) or False
        if not has_come:
            self._expired += 1
            self._sweep()
        return has_come

    def _sweep(self) -> None:
        # While a projection stands still nothing is popped, yet callers go on to come and give up.
        if self._expired > max(1_000, len(self._waiters) // 2):
            self._waiters = [waiter for waiter in self._waiters if not waiter[3].done()]
            heapq.heapify(self._waiters)
            self._expired = 0

    async def changed(self, after: Applied | None, timeout_seconds: float) -> Applied | None:
        """The place known as soon as it differs from `after`; None when the time is over; raises
        ReadStoreUnavailable."""
        places = await any_changed((self,), None if after is None else (after,), timeout_seconds)
        return None if places is None else places[0]

    def watch(self, changed: "asyncio.Future[None]") -> None:
        """Lets the future end when the place known is another one; it has to be given up with `unwatch`."""
        self._watchers.add(changed)

    def unwatch(self, changed: "asyncio.Future[None]") -> None:
        """Nobody waits for that future any more."""
        self._watchers.discard(changed)


async def any_changed(
    followed: Sequence[Progress], after: Sequence[Applied | None] | None, timeout_seconds: float
) -> tuple[Applied | None, ...] | None:
    """The places known as soon as one is another than in `after`; None when the time is over; raises
    ReadStoreUnavailable."""
    before = tuple(after) if after is not None else (None,) * len(followed)
    places = tuple(progress.known for progress in followed)
    if places == before or None in places:
        changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for progress in followed:
            progress.watch(changed)
        try:
            await _within(changed, timeout_seconds)
        finally:
            for progress in followed:
                progress.unwatch(changed)
        places = tuple(progress.known for progress in followed)
    return places if places != before else None


def refuse(waiting: Iterable["asyncio.Future[Any]"], reason: str) -> None:
    """Fails whatever is still waited for with ReadStoreUnavailable."""
    for future in waiting:
        if not future.done():
            future.set_exception(ReadStoreUnavailable(reason))
            # Who waited may be gone; asyncio would report the failure as overlooked.
            future.exception()


async def _within(future: "asyncio.Future[Value]", timeout_seconds: float) -> Value | None:
    try:
        async with asyncio.timeout(timeout_seconds):
            return await future
    except TimeoutError:
        return None
