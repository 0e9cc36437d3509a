"""The one subscription of a process: who has come where, and answers to asks for the log's head."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from read_store.connection import Connection
from read_store.errors import ReadModelDamaged, ReadStoreError, ReadStoreUnavailable
from read_store.keys import partition_root
from read_store.waiting import Applied, Progress, refuse

# A connection that died without a word is found by asking now and then.
_PING_SECONDS = 10.0
_RETRY_SECONDS = 0.05
_LOST = "the subscription to the read store was lost"

Head = tuple[UUID, int]


@dataclass(slots=True)
class _Followed:
    """A projection that was asked about; `losses` counts how often the subscription was lost."""

    root: str
    progress: Progress = field(default_factory=Progress)
    losses: int = 0
    is_ready: bool = False
    waiting: set["asyncio.Future[None]"] = field(default_factory=set)

    def ready(self) -> None:
        """Lets those go on who wait until the place is known."""
        self.is_ready = True
        for future in self.waiting:
            if not future.done():
                future.set_result(None)
        self.waiting.clear()

    def not_ready(self, reason: str) -> None:
        """Refuses those who wait until the place is known."""
        self.is_ready = False
        refuse(self.waiting, reason)
        self.waiting.clear()


class Subscriber:
    """Follows the channels of the projections that were asked about."""

    def __init__(self, url: str, read_applied: Callable[[str], Awaitable[Applied | None]]) -> None:
        self._connection = Connection(
            url, on_push=self._pushed, on_connect=self._subscribe_again, on_disconnect=self._lost
        )
        self._read_applied = read_applied
        self._followed: dict[str, _Followed] = {}
        self._names: dict[str, str] = {}
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
        """The projection's progress, kept up to date from now on; raises ReadStoreUnavailable while down, and
        when the store goes away meanwhile."""
        if not self._connection.is_connected:
            raise ReadStoreUnavailable("no subscription to the read store")
        followed = self._followed.get(projection)
        if followed is None:
            followed = self._followed[projection] = _Followed(partition_root(projection))
            self._names[followed.root.rstrip(":")] = projection
            self._subscribe(followed)
        if not followed.is_ready:
            ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            followed.waiting.add(ready)
            await ready
        return followed.progress

    def known(self, projection: str) -> Applied | None:
        """Where the projection has come to, as far as it was told; None when nothing is known for sure."""
        followed = self._followed.get(projection)
        return followed.progress.known if followed is not None and followed.is_ready else None

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
            followed.losses += 1
            followed.not_ready(_LOST)
            followed.progress.forget(_LOST)
        refuse(self._asked.values(), _LOST)

    def _pushed(self, push: list[Any]) -> None:
        kind, channel, content = push[0], push[1].decode(), push[2]
        root, _, subject = channel.rpartition(":")
        projection = self._names[root]
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
        losses = followed.losses
        while followed.losses == losses:
            try:
                applied = await self._read_applied(projection)
            except (ReadStoreUnavailable, ReadStoreError, ReadModelDamaged) as error:
                # Without a first look a place reached before the subscription would be waited for in vain.
                followed.not_ready(str(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            if followed.losses == losses:
                # A message that came meanwhile is newer than what was read.
                if applied is not None and followed.progress.known is None:
                    followed.progress.observe(applied)
                followed.ready()
            return

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(_PING_SECONDS)
            with contextlib.suppress(ReadStoreUnavailable):
                await self._connection.call("PING")

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
