"""A gate in front of the log, where groups of appends wait for what a test lets happen before them."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from event_store import Append, EventStore
from event_store.writer import Writer
from tests.waiting import eventually


class AppendGate:
    """Holds the appends of some commands, in the groups that their store makes of them; others pass."""

    def __init__(self, requests: Iterable[Any]) -> None:
        self._held = {UUID(request.context.command_id) for request in requests}
        self._room = asyncio.Semaphore(0)
        self._is_open = False
        self._submitted = 0
        self._arrived = 0

    async def submitted(self, count: int) -> None:
        """Waits until so many of the commands were decided and handed to their store, tries counted."""

        async def are_there() -> bool:
            return self._submitted >= count

        await eventually(are_there)

    async def arrived(self, count: int) -> None:
        """Waits until so many groups have come to the gate, so that all but the last have their outcomes."""

        async def are_there() -> bool:
            return self._arrived >= count

        await eventually(are_there)

    def let_pass(self) -> None:
        """One group goes on to the log."""
        self._room.release()

    def open(self) -> None:
        """From now on everything goes on."""
        self._is_open = True
        self._room.release()

    def note(self, append: Append) -> None:
        """A store takes an append over."""
        self._submitted += append.command_id in self._held

    async def wait(self, appends: Sequence[Append]) -> None:
        """A group is about to be sent."""
        if self._is_open or not any(append.command_id in self._held for append in appends):
            return
        self._arrived += 1
        await self._room.acquire()


@contextmanager
def append_gate(requests: Iterable[Any]) -> Iterator[AppendGate]:
    """A closed gate for these commands, in front of every store of this process; open after the block."""
    gate = AppendGate(requests)
    hand_over, send = EventStore.hand_over, Writer.append

    def noted(store: EventStore, append: Append, told: Any) -> None:
        gate.note(append)
        hand_over(store, append, told)

    async def held_append(writer: Writer, appends: Sequence[Append]) -> Any:
        await gate.wait(appends)
        return await send(writer, appends)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(EventStore, "hand_over", noted)
        patched.setattr(Writer, "append", held_append)
        try:
            yield gate
        finally:
            gate.open()
