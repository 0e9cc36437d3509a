"""Processes that write to the same streams learn from each other, instead of being refused by the log."""

from collections.abc import Sequence

import pytest

from event_store import Append, EventStore, WrongVersion
from event_store.writer import Writer
from tests.postgres_server import LogDatabase
from tests.services.write_services import receive, write_service
from tests.waiting import eventually
from write_service.state_cache import CachedStream


def _refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The streams at which the log refuses an append from now on."""
    refused: list[str] = []
    append = Writer.append

    async def noted(writer: Writer, appends: Sequence[Append]) -> object:
        outcomes = await append(writer, appends)
        refused.extend(each.stream for each in outcomes if isinstance(each, WrongVersion))
        return outcomes

    monkeypatch.setattr(Writer, "append", noted)
    return refused


async def _stock_of_two(database: LogDatabase, refused: list[str], followed: list[int]) -> int:
    """What a product has after two services added to it, one of which wrote something else meanwhile."""
    async with write_service(database) as one, write_service(database) as two:
        await one.product("cup", 1)
        await two.product("pot", 1)
        await two.orders.ReceiveStock(receive("cup", 1))
        refused.clear()
        await one.product("mug", 1)

        async def is_followed() -> bool:
            return bool(followed)

        await eventually(is_followed)
        answer = await one.orders.ReceiveStock(receive("cup", 1))
        return int(answer.available)


async def test_what_another_process_wrote_is_known_before_it_is_met(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed: list[int] = []
    follow = CachedStream.follow

    def noted(cached: CachedStream, version: int, *rest: object) -> None:
        followed.append(version)
        follow(cached, version, *rest)  # type: ignore[arg-type] # passed on as they are

    monkeypatch.setattr(CachedStream, "follow", noted)
    refused = _refused(monkeypatch)
    assert await _stock_of_two(log_database, refused, followed) == 3
    assert (refused, followed) == ([], [3])


async def test_twin_a_process_that_does_not_follow_is_refused(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And still right: the log is what decides."""
    monkeypatch.setattr(EventStore, "follow_others", lambda *_: None)
    refused = _refused(monkeypatch)
    assert await _stock_of_two(log_database, refused, [0]) == 3
    assert refused == ["product-cup"]
