"""One stream read from the log and folded into the state that the rules see."""

import time

from bench.measuring import Values
from event_store import EventLog, EventStore
from write_service.orders.product import PRODUCT

_PARSERS = {event.DESCRIPTOR.full_name: event.FromString for event in PRODUCT.events}


async def replay_stream(database_url: str, stream: str, events: int, seconds: float) -> Values:
    """Replays a second, each from the first event, without a snapshot and without a cache."""
    store, log = EventStore(database_url), EventLog(database_url, connections=1)
    replays, began = 0, time.perf_counter()
    try:
        while time.perf_counter() - began < seconds:
            # As the write service loads a state.
            state, read = PRODUCT.initial, (await store.read_streams({stream: 0}))[stream]
            for type_, payload in zip(read.types, read.payloads, strict=True):
                state = PRODUCT.evolve(state, _PARSERS[type_](payload))
            if len(read) != events or not state.exists:
                raise ValueError(f"{stream} has {len(read)} events, {events} were expected")
            replays += 1
        return {"replays": replays / (time.perf_counter() - began)}
    finally:
        await store.close()
        await log.close()
