"""The stack that the end-to-end tests share, and clients of it."""

from collections.abc import AsyncIterator

import pytest

from tests.end_to_end.shop import PROCESSES, Shop, open_shop
from tests.stack import Stack, stack

__all__ = ["shop", "stack"]


@pytest.fixture(scope="session")
async def shop(stack: Stack) -> AsyncIterator[Shop]:
    """Clients of the shared stack, with a second write service and a second read service."""
    stack.another("write_service", "second_write_service")
    stack.another("read_service", "second_read_service")
    async with open_shop(stack) as opened:
        yield opened
    # Whatever a caller saw of it: no process met an error that it has no word for.
    for name in PROCESSES:
        assert [line for line in stack.log(name).splitlines() if '"event": "defect"' in line] == []
