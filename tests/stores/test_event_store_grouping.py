"""How calls become groups: nobody waits for others that don't come, and those that come share a group."""

import asyncio
from collections.abc import Sequence

import pytest

from event_store.grouping import Grouping


async def _group_sizes(calls: int, *, is_each_awaited: bool) -> list[int]:
    """The sizes of groups when calls come one a turn of the loop, or each when the one before is answered."""
    sizes: list[int] = []

    async def run(numbers: Sequence[int]) -> Sequence[int]:
        sizes.append(len(numbers))
        await asyncio.sleep(0)
        return numbers

    grouping: Grouping[int, int] = Grouping(run, largest=512)
    answers = []
    for number in range(calls):
        answers.append(grouping.submit(number))
        await (answers[-1] if is_each_awaited else asyncio.sleep(0))
    assert await asyncio.gather(*answers) == list(range(calls))
    await grouping.finish()
    return sizes


async def test_a_lone_caller_waits_for_nobody() -> None:
    assert await _group_sizes(50, is_each_awaited=True) == [1] * 50


async def test_calls_that_keep_coming_share_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = await _group_sizes(200, is_each_awaited=False)
    assert sum(sizes) == 200
    assert max(sizes) > 5
    monkeypatch.setattr("event_store.grouping._MOST_TURNS", 0)
    assert max(await _group_sizes(200, is_each_awaited=False)) <= 3


async def _largest_group(calls_a_turn: int) -> int:
    sizes: list[int] = []

    async def run(numbers: Sequence[int]) -> Sequence[int]:
        sizes.append(len(numbers))
        await asyncio.sleep(0)
        return numbers

    grouping: Grouping[int, int] = Grouping(run, largest=512)
    for _ in range(100):
        for number in range(calls_a_turn):
            grouping.submit(number)
        await asyncio.sleep(0)
    await grouping.finish()
    return max(sizes)


async def test_a_group_that_is_large_enough_waits_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that still come are prepared while it is run."""
    assert await _largest_group(10) < 50
    monkeypatch.setattr("event_store.grouping._ENOUGH_CALLS", 10_000)
    assert await _largest_group(10) > 50
