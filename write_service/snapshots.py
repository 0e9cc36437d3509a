"""Snapshots: the state of a long stream, kept beside the log so that its first load is short."""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from event_store import EventStore, LoadedStream, StoreError
from write_service.decider import Decider
from write_service.state_cache import CachedStream, Known

EVERY_VERSIONS = 500


class _Shape:
    """How the state of one decider is written down."""

    def __init__(self, decider: Decider[Any]) -> None:
        self._type: TypeAdapter[Any] = TypeAdapter(type(decider.initial))
        schema = json.dumps(self._type.json_schema(), sort_keys=True)
        meaning = f"{decider.category} {decider.state_version} {schema}"
        self.hash = hashlib.blake2b(meaning.encode(), digest_size=16).digest()

    def dump(self, state: Any) -> bytes:
        return self._type.dump_json(state)

    def load(self, content: bytes) -> Any | None:
        try:
            return self._type.validate_json(content)
        except ValidationError:
            return None


class Snapshots:
    """Reads snapshots, and writes them in the background; without any, everything works as well."""

    def __init__(self, store: EventStore, deciders: Iterable[Decider[Any]]) -> None:
        self._store = store
        self._shapes = {decider.category: _Shape(decider) for decider in deciders}
        self._wanted: dict[str, tuple[CachedStream, Known]] = {}
        self._task: asyncio.Task[None] | None = None

    def shapes(self, streams: Iterable[CachedStream]) -> dict[str, bytes]:
        """What a snapshot of each stream has to be marked with."""
        return {each.stream.name: self._shapes[each.stream.decider.category].hash for each in streams}

    def states(
        self, streams: Mapping[str, CachedStream], loaded: Mapping[str, LoadedStream]
    ) -> dict[str, tuple[int, Any]]:
        """Version and state of each stream that was loaded with a snapshot which can be read."""
        states: dict[str, tuple[int, Any]] = {}
        for name, found in loaded.items():
            if found.snapshot is not None:
                version, content = found.snapshot
                state = self._shapes[streams[name].stream.decider.category].load(content)
                if state is not None:
                    states[name] = version, state
        return states

    def keep(self, cached: CachedStream) -> None:
        """Write a snapshot of the confirmed state soon, when the last one is long ago."""
        known = cached.confirmed
        if known.version - cached.snapshot_version < EVERY_VERSIONS:
            return
        cached.snapshot_version = known.version
        self._wanted[cached.stream.name] = (cached, known)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._save(), name="snapshots")

    def forget(self) -> None:
        """What was to be kept is of another history of the log."""
        self._wanted.clear()

    async def close(self) -> None:
        """Finish what is wanted."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _save(self) -> None:
        while self._wanted:
            name, (cached, known) = self._wanted.popitem()
            shape = self._shapes[cached.stream.decider.category]
            try:
                await self._store.save_snapshot(name, known.version, shape.hash, shape.dump(known.state))
            except StoreError:
                # The next one comes after as many versions; until then a load is only longer.
                continue
