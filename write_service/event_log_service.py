"""EventLogService: the log for other services, to read or to follow."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from diptych.eventlog.v1.event_log_service_pb2 import (
    DIRECTION_BACKWARDS,
    ReadAllRequest,
    ReadAllResponse,
    ReadStreamRequest,
    SubscribeRequest,
    SubscribeResponse,
)

from event_store import EventLog, EventStore, LogHead, LogPage
from service_kit.context import CallContext
from write_service.live_log import LiveLog
from write_service.recorded_events import MOST_EVENTS, Filter, Recorded, batches, joined, recorded
from write_service.refusals import EpochChanged, PositionBeyondHead, StreamNotFound

HEARTBEAT_SECONDS = 15.0
_LARGEST_VERSION = 2**31 - 1


class _Part(NamedTuple):
    """Some of what was asked for: `through` is how far was looked, `head` where the log ends."""

    events: Sequence[Recorded]
    through: int
    head: int
    epoch: UUID


class EventLogService:
    """Reads on behalf of callers; each is read for at its own pace."""

    def __init__(
        self,
        store: EventStore,
        log: EventLog,
        live: LiveLog,
        *,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._store = store
        self._log = log
        self._live = live
        self._heartbeat_seconds = heartbeat_seconds

    async def read_stream(
        self, request: ReadStreamRequest, _context: CallContext
    ) -> AsyncGenerator[bytes, None]:
        """Answer the events of one stream."""
        backwards = request.direction == DIRECTION_BACKWARDS
        left = request.limit or None
        beyond = _beyond_first(request.from_version, backwards=backwards)
        if not await self._store.read_stream(request.stream, limit=1):
            raise StreamNotFound(request.stream)
        while True:
            asked = MOST_EVENTS if left is None else min(MOST_EVENTS, left)
            events = await self._store.read_stream(
                request.stream, after_version=beyond, limit=asked, backwards=backwards
            )
            for batch in batches(map(recorded, events)):
                yield joined(batch)
            if left is not None:
                left -= len(events)
            if len(events) < asked or left == 0 or (backwards and events[-1].version == 1):
                return
            beyond = events[-1].version

    async def read_all(self, request: ReadAllRequest, _context: CallContext) -> AsyncGenerator[bytes, None]:
        """Answer the events of the log up to its end at the time of the call."""
        wanted = Filter(request.filter)
        left = request.limit or None
        position, end = request.after_position, None
        await self._within_log(position)
        while True:
            asked = MOST_EVENTS if left is None else min(MOST_EVENTS, left)
            page = await self._page(position, asked, wanted)
            end = page.head if end is None else end
            for batch in batches(map(recorded, page.events)):
                yield joined(batch, _read_all(batch[-1].event.position, page.head))
            position = page.through
            if left is not None:
                left -= len(page.events)
            if left == 0:
                return
            if not page.events or position > page.events[-1].position:
                yield _read_all(position, page.head)
            if position >= end:
                return

    async def subscribe(
        self, request: SubscribeRequest, _context: CallContext
    ) -> AsyncGenerator[bytes, None]:
        """Answer what is there, then what comes, without gap or twin, for as long as the caller listens."""
        wanted = Filter(request.filter)
        head = await self._within_log(request.after_position)
        position, epoch = request.after_position, head.epoch
        was_caught_up, replacements = False, self._live.replacements
        while True:
            # Taken before looking, so that what comes while we look is not slept through.
            changed = self._live.start()
            part = await self._after(position, wanted, epoch)
            if part.epoch != epoch or part.head < position or self._live.replacements != replacements:
                raise EpochChanged(position, (await self._log.past_epochs()).get(epoch))
            for response in _responses(part, is_news=not was_caught_up):
                yield response
            position = part.through
            was_caught_up = position >= part.head
            if was_caught_up:
                while not await _is_set(changed, self._heartbeat_seconds):
                    yield _subscribe(position, part.head, heartbeat=True)

    async def _within_log(self, position: int) -> LogHead:
        head = await self._log.head()
        if position > head.position:
            raise PositionBeyondHead(position, head.position)
        return head

    async def _after(self, position: int, wanted: Filter, epoch: UUID) -> _Part:
        tail = self._live.after(position, MOST_EVENTS)
        # Just after a restore what is in memory may still be of the history before it.
        if tail is not None and tail.epoch == epoch:
            through = tail.events[-1].event.position if tail.events else max(position, tail.head)
            events = [each for each in tail.events if wanted.keeps(each.event)]
            return _Part(events, through, tail.head, tail.epoch)
        page = await self._page(position, MOST_EVENTS, wanted)
        return _Part([recorded(each) for each in page.events], page.through, page.head, page.epoch)

    async def _page(self, position: int, limit: int, wanted: Filter) -> LogPage:
        return await self._log.read(
            position,
            limit=limit,
            categories=wanted.categories,
            types=wanted.types,
            correlation_id=wanted.correlation_id,
        )


def _beyond_first(from_version: int, *, backwards: bool) -> int:
    """The version that stands just before the first one wanted, in the direction of reading; 0 is the end."""
    if from_version == 0:
        return 0
    return min(from_version + 1, _LARGEST_VERSION) if backwards else from_version - 1


def _responses(part: _Part, *, is_news: bool) -> Iterator[bytes]:
    """The events in batches, the last of which says how far was looked; `is_news`: say it without any too."""
    sent = list(batches(part.events))
    for batch in sent[:-1]:
        yield joined(batch, _subscribe(batch[-1].event.position, part.head))
    if sent or (is_news and part.through >= part.head):
        yield joined(sent[-1] if sent else (), _subscribe(part.through, part.head))


def _read_all(position: int, head: int) -> bytes:
    return ReadAllResponse(position=position, head=head).SerializeToString()


def _subscribe(position: int, head: int, *, heartbeat: bool = False) -> bytes:
    return SubscribeResponse(
        position=position, head=head, caught_up=position >= head, heartbeat=heartbeat
    ).SerializeToString()


async def _is_set(event: asyncio.Event, timeout_seconds: float) -> bool:
    try:
        async with asyncio.timeout(timeout_seconds):
            return await event.wait()
    except TimeoutError:
        return False
