"""Brings streams from the log into the cache; what is missing at the same time shares a round trip."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from event_store import EventStore, HistoryReplaced, StreamEvents
from write_service.decider import Decider
from write_service.snapshots import Snapshots
from write_service.state_cache import CachedStream

_LARGEST_ROUND = 2000


class StateLoader:
    """Reads streams; a caller that gives up does not take the others along."""

    def __init__(self, store: EventStore, snapshots: Snapshots, deciders: Sequence[Decider[Any]]) -> None:
        self._store = store
        self._snapshots = snapshots
        self._parsers = {
            event.DESCRIPTOR.full_name: event.FromString for each in deciders for event in each.events
        }
        self._waiting: list[tuple[CachedStream, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def load(self, streams: Sequence[CachedStream]) -> None:
        """Read what the log has of these streams after what is confirmed. Raises StoreUnavailable."""
        await asyncio.gather(*self.request(streams))

    def request(self, streams: Sequence[CachedStream]) -> list[asyncio.Future[None]]:
        """Begin to read; each future is done when its stream is, or failed to be."""
        loop = asyncio.get_running_loop()
        done = [loop.create_future() for _ in streams]
        self._waiting.extend(zip(streams, done, strict=True))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="state loader")
        return done

    def fold(self, state: Any, decider: Decider[Any], events: StreamEvents) -> Any:
        """The state after these events."""
        evolve, parsers = decider.evolve, self._parsers
        for type_, payload in zip(events.types, events.payloads, strict=True):
            state = evolve(state, parsers[type_](payload))
        return state

    async def _run(self) -> None:
        while self._waiting:
            round_, self._waiting = self._waiting[:_LARGEST_ROUND], self._waiting[_LARGEST_ROUND:]
            try:
                await self._read({cached.stream.name: cached for cached, _ in round_})
            except Exception as error:  # noqa: BLE001 - raised again, to each caller
                _finish(round_, error)
            else:
                _finish(round_, None)
        self._task = None

    async def _read(self, streams: Mapping[str, CachedStream]) -> None:
        history = self._store.histories
        # What is confirmed may move on while the log is read.
        known = {name: (each.confirmed.version, each.confirmed.state) for name, each in streams.items()}
        after = {name: version for name, (version, _) in known.items()}
        unread = [each for name, each in streams.items() if not after[name]]
        loaded = await self._store.load_streams(after, self._snapshots.shapes(unread))
        kept = self._snapshots.states(streams, loaded)
        events = {name: each.events for name, each in loaded.items()}
        if unfit := {name: 0 for name, each in loaded.items() if each.snapshot and name not in kept}:
            events |= await self._store.read_streams(unfit)
        if self._store.histories != history:
            raise HistoryReplaced("the log was replaced while streams were read")
        for name, cached in streams.items():
            if name in kept:
                cached.snapshot_version = max(cached.snapshot_version, kept[name][0])
            version, state = kept.get(name, known[name])
            state = self.fold(state, cached.stream.decider, events[name])
            cached.read(version + len(events[name]), state, events[name].command_id)


def _finish(round_: Sequence[tuple[CachedStream, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, done in round_:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
            # Seen here, since a prefetch has nobody who waits for it.
            done.exception()
