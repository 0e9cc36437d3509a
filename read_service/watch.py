"""Watches: states first, then changes as the projection moves, and a heartbeat while it does not."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken

from read_service.freshness import Answer, FreshReads
from read_store import Operation, Places

HEARTBEAT_SECONDS = 15.0


class ResumableRequest(Protocol):
    """The fields that the request of a watch has when it can be resumed."""

    @property
    def consistency(self) -> Consistency: ...
    @property
    def resume_from(self) -> ConsistencyToken: ...


@dataclass(slots=True)
class Watch:
    """What a watch stands on: one history of the log, and when to look again.

    `stream` is given when all that is watched comes from that stream.
    """

    reads: FreshReads
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    stream: str = ""
    _epoch: UUID | None = None
    _seen: Places | None = None
    _last_sent: float = 0.0

    async def begin(self, consistency: Consistency) -> None:
        """Wait for what the request requires."""
        await self.look((), consistency)
        # Taken before anything is looked at, so that whatever happens during a look leads to another one.
        self._seen = await self.reads.moved(None, self.heartbeat_seconds, stream=self.stream)
        self.sent()

    async def resume(self, request: ResumableRequest) -> int | None:
        """Begin, and answer the position to resume after, None to begin anew."""
        if not request.HasField("resume_from"):  # type: ignore[attr-defined] # as every message has
            await self.begin(request.consistency)
            return None
        resumed = Consistency()
        resumed.CopyFrom(request.consistency)
        resumed.at_least_as_fresh.CopyFrom(request.resume_from)
        await self.begin(resumed)
        await self.look((), request.consistency)
        return self.reads.requirement(request.resume_from).position

    async def look(
        self, operations: Sequence[Operation[Any]], consistency: Consistency | None = None
    ) -> Answer:
        """Read; raise ServiceError EPOCH_CHANGED when the log's history is not the one begun with."""
        answer = await self.reads.read(operations, consistency=consistency, stream=self.stream)
        self._epoch = self._epoch or answer.checkpoint.epoch
        if answer.checkpoint.epoch != self._epoch:
            raise await self.reads.epoch_changed(self._epoch)
        return answer

    async def beats(self, *, rest_seconds: float = 0.0) -> AsyncGenerator[bool, None]:
        """Yield when it is time to look, at first at once; True when a heartbeat is due.

        `rest_seconds` is the least time between two looks, for looks that cost much.
        """
        loop = asyncio.get_running_loop()
        looked = loop.time()
        yield False
        while True:
            seconds = self._last_sent + self.heartbeat_seconds - loop.time()
            moved = None
            if seconds > 0:
                moved = await self.reads.moved(self._seen, seconds, stream=self.stream)
            self._seen = moved or self._seen
            if moved is not None and (rest := looked + rest_seconds - loop.time()) > 0:
                # What happens meanwhile is seen by the one look after it, or leads to another.
                await asyncio.sleep(rest)
            looked = loop.time()
            yield moved is None

    def sent(self) -> None:
        """Say that a response was sent: the next heartbeat counts from here."""
        self._last_sent = asyncio.get_running_loop().time()

    def token_at(self, answer: Answer, position: int) -> bytes:
        """Encode the token to resume from after a position of the answer's history."""
        return self.reads.token_at(answer.checkpoint, position).SerializeToString()
