"""Watches: states first, then changes as the projection moves, and a heartbeat while it does not."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken

from read_service.freshness import Answer, FreshReads
from read_service.refusals import epoch_changed
from read_store import Applied, Operation

HEARTBEAT_SECONDS = 15.0


class WatchRequest(Protocol):
    """The fields that every watch's request has."""

    @property
    def consistency(self) -> Consistency: ...
    @property
    def resume_from(self) -> ConsistencyToken: ...


@dataclass(slots=True)
class Watch:
    """What a watch stands on: one history of the log, and when to look again."""

    reads: FreshReads
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    _epoch: UUID | None = None
    _seen: Applied | None = None
    _last_sent: float = 0.0

    async def begin(self, request: WatchRequest) -> int | None:
        """Wait for what the request requires; answer the position to resume after, None to begin anew."""
        # Taken before the first look, so that whatever happens during a look leads to another one.
        self._seen = await self.reads.moved(None, self.heartbeat_seconds)
        self._last_sent = asyncio.get_running_loop().time()
        resumes = request.HasField("resume_from")  # type: ignore[attr-defined] # as every message has
        if not resumes:
            await self.look((), request.consistency)
            return None
        resumed = Consistency()
        resumed.CopyFrom(request.consistency)
        resumed.at_least_as_fresh.CopyFrom(request.resume_from)
        await self.look((), resumed)
        await self.look((), request.consistency)
        return self.reads.requirement(request.resume_from).position

    async def look(
        self, operations: Sequence[Operation[Any]], consistency: Consistency | None = None
    ) -> Answer:
        """Read; raise ServiceError EPOCH_CHANGED when the log's history is not the one begun with."""
        answer = await self.reads.read(operations, consistency=consistency)
        self._epoch = self._epoch or answer.checkpoint.epoch
        if answer.checkpoint.epoch != self._epoch:
            raise epoch_changed()
        return answer

    async def beats(self) -> AsyncGenerator[bool, None]:
        """Yield when it is time to look, at first at once; True when a heartbeat is due."""
        yield False
        while True:
            seconds = self._last_sent + self.heartbeat_seconds - asyncio.get_running_loop().time()
            moved = await self.reads.moved(self._seen, seconds) if seconds > 0 else None
            self._seen = moved or self._seen
            yield moved is None

    def sent(self) -> None:
        """Say that a response was sent: the next heartbeat counts from here."""
        self._last_sent = asyncio.get_running_loop().time()
