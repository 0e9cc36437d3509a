"""Snapshots: the state of a long stream, kept beside the log so that its first load is short."""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from event_store import EventStore, StoreError
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

    async def load(self, streams: Sequence[CachedStream]) -> dict[str, tuple[int, Any]]:
        """Version and state of each stream that has a snapshot which fits."""
        shapes = {each.stream.name: self._shapes[each.stream.decider.category] for each in streams}
        loaded = await self._store.load_snapshots({name: shape.hash for name, shape in shapes.items()})
        states = {name: (version, shapes[name].load(content)) for name, (version, content) in loaded.items()}
        return {name: (version, state) for name, (version, state) in states.items() if state is not None}

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
