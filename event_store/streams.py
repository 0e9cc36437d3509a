"""Streams read from the log as far as states are folded from them, with the snapshots that shorten it."""

from collections.abc import Mapping
from uuid import UUID

from event_store.arrays import ByteaArray, Int4Array, TextArray
from event_store.connections import Connections
from event_store.events import LoadedStream, StreamEvents
from event_store.history import History

# No state has it.
_NO_SHAPE = b""
_NOTHING = LoadedStream(StreamEvents())


async def read_streams(
    connections: Connections, history: History, after: Mapping[str, int], state_hashes: Mapping[str, bytes]
) -> dict[str, LoadedStream]:
    """The events of each stream after a version, or after the snapshot whose state has the shape given.

    Raises HistoryReplaced and StoreUnavailable.
    """
    known = history.known()
    parameters = (
        TextArray.of(list(after)),
        Int4Array.of(list(after.values())),
        ByteaArray.of([state_hashes.get(name, _NO_SHAPE) for name in after]),
        *known.parameters,
    )
    rows = await connections.repeat("read_streams", parameters)
    if not rows[0][0]:
        raise history.replaced(known)
    found: dict[str, LoadedStream] = {}
    newest: tuple[int, UUID] | None = None
    for _, stream, version, state, type_ids, payloads, ids, names, position, event_id, command_id in rows:
        if stream is None:
            continue
        events = StreamEvents()
        if position is not None:
            types = list(map(dict(zip(ids, names, strict=True)).__getitem__, type_ids))
            events = StreamEvents(types=types, payloads=payloads, command_id=command_id)
            newest = position, event_id
        found[stream] = LoadedStream(events, None if version is None else (version, state))
    history.read(known, newest)
    return {name: found.get(name, _NOTHING) for name in after}
