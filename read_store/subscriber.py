"""The one subscription of a process: who has come where, and answers to asks for the log's head."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from read_store.connection import Connection
from read_store.errors import ReadStoreUnavailable
from read_store.keys import partition_root
from read_store.waiting import Applied, Progress

# A connection that died without a word is found by asking now and then.
_PING_SECONDS = 10.0

Head = tuple[UUID, int]


@dataclass(slots=True)
class _Followed:
    root: str
    progress: Progress = field(default_factory=Progress)
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)


class Subscriber:
    """Follows the channels of the projections that were asked about."""

    def __init__(self, url: str, read_applied: Callable[[str], Awaitable[Applied | None]]) -> None:
        self._connection = Connection(
            url, on_push=self._pushed, on_connect=self._subscribe_again, on_disconnect=self._lost
        )
        self._read_applied = read_applied
        self._followed: dict[str, _Followed] = {}
        self._asked: dict[bytes, asyncio.Future[Head]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Starts to connect."""
        await self._connection.open()
        self._start(self._ping())

    async def close(self) -> None:
        """Ends the subscription."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._connection.close()

    async def progress(self, projection: str) -> Progress:
        """The projection's progress, kept up to date from now on; raises ReadStoreUnavailable while down."""
        if not self._connection.is_connected:
            raise ReadStoreUnavailable("no subscription to the read store")
        followed = self._followed.get(projection)
        if followed is None:
            followed = self._followed[projection] = _Followed(partition_root(projection))
            self._subscribe(followed)
        if not followed.is_ready.is_set():
            await followed.is_ready.wait()
        return followed.progress

    def expect_head(self, nonce: str) -> "asyncio.Future[Head]":
        """The answer to an ask with that nonce; it must be dropped with `forget_head`."""
        answer: asyncio.Future[Head] = asyncio.get_running_loop().create_future()
        self._asked[nonce.encode()] = answer
        return answer

    def forget_head(self, nonce: str) -> None:
        """No answer with that nonce is waited for any more."""
        self._asked.pop(nonce.encode(), None)

    def _subscribe(self, followed: _Followed) -> None:
        # The confirmation of the last channel named says that nothing will be missed from then on.
        self._connection.post("SUBSCRIBE", f"{followed.root}answer", f"{followed.root}applied")

    async def _subscribe_again(self) -> None:
        for followed in self._followed.values():
            self._subscribe(followed)

    def _lost(self) -> None:
        for followed in self._followed.values():
            followed.is_ready.clear()
            followed.progress.forget()

    def _pushed(self, push: list[Any]) -> None:
        kind, channel, content = push[0], push[1].decode(), push[2]
        root, _, subject = channel.rpartition(":")
        projection = root.partition("{")[2].partition(":")[0]
        if kind == b"subscribe" and subject == "applied":
            self._start(self._catch_up(projection))
        elif kind == b"message" and subject == "applied":
            epoch, position, generation = content.split()
            applied = Applied(
                generation=int(generation), epoch=UUID(hex=epoch.decode()), position=int(position)
            )
            self._followed[projection].progress.observe(applied)
        elif kind == b"message" and subject == "answer":
            nonce, epoch, position = content.split()
            answer = self._asked.get(nonce)
            if answer is not None and not answer.done():
                answer.set_result((UUID(hex=epoch.decode()), int(position)))

    async def _catch_up(self, projection: str) -> None:
        followed = self._followed[projection]
        with contextlib.suppress(ReadStoreUnavailable):
            applied = await self._read_applied(projection)
            # A message that came meanwhile is newer than what was read.
            if applied is not None and followed.progress.known is None:
                followed.progress.observe(applied)
        followed.is_ready.set()

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(_PING_SECONDS)
            with contextlib.suppress(ReadStoreUnavailable):
                await self._connection.call("PING")

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
