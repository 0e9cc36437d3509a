"""A command whose time is over is asked for in the log before it is refused."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import pytest

from event_store import Append, EventStore, Outcome
from event_store.writer import Writer
from tests.postgres_server import LogDatabase
from tests.services.write_services import receive, without_replayed, write_service
from tests.waiting import DEADLINE_SECONDS
from write_service import command_handler, execution


class _Held:
    """Holds the next group back until so many appends more have been handed over."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_sending = asyncio.Event()
        self._is_followed = asyncio.Event()
        send, hand_over = Writer.append, EventStore.hand_over

        async def sent(writer: Writer, appends: Sequence[Append]) -> Sequence[Outcome | Exception]:
            self.is_sending.set()
            await self._is_followed.wait()
            return await send(writer, appends)

        def handed_over(
            store: EventStore, append: Append, told: Callable[[Outcome | Exception], None]
        ) -> None:
            if self.is_sending.is_set():
                self._is_followed.set()
            hand_over(store, append, told)

        monkeypatch.setattr(Writer, "append", sent)
        monkeypatch.setattr(EventStore, "hand_over", handed_over)


async def _repeated_behind_a_failure(
    database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, Any]:
    """A command's answer, and that to its repeat, which follows a failing append and has no time left."""
    async with write_service(database) as one, write_service(database) as other:
        await one.product("cup", 1)
        await other.orders.ReceiveStock(receive("cup"))
        command = receive("cup")
        first = await one.orders.ReceiveStock(command)
        monkeypatch.setattr(execution, "_LONGEST_SECONDS", 0.0)
        held = _Held(monkeypatch)
        async with asyncio.timeout(DEADLINE_SECONDS):
            failing = asyncio.ensure_future(other.orders.ReceiveStock(receive("cup")))
            await held.is_sending.wait()
            repeated = asyncio.ensure_future(other.orders.ReceiveStock(command))
            with pytest.raises(grpc.aio.AioRpcError, match="other commands changed"):
                await failing
            return first, await repeated


async def test_a_repeat_that_never_came_to_the_log_is_answered(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again = await _repeated_behind_a_failure(log_database, monkeypatch)
    assert again.receipt.replayed
    assert without_replayed(again) == without_replayed(first)


async def test_twin_without_the_last_look_an_accepted_command_is_refused(
    log_database: LogDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(command_handler.CommandHandler, "stored_answer", nothing)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _repeated_behind_a_failure(log_database, monkeypatch)
    assert refused.value.code() is grpc.StatusCode.ABORTED
