"""Waiting in tests: by condition, with a deadline that a slow machine keeps too."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")

DEADLINE_SECONDS = 60.0


async def eventually(look: Callable[[], Awaitable[Found]], *, seconds: float = DEADLINE_SECONDS) -> Found:
    """What `look` answers as soon as that is true; fails when it is not in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {look}")
        await asyncio.sleep(0.01)
