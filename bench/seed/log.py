"""Writes the seed into the log through event_store, each entity's events as one command.

Past the write service, which checks every command: the events are those that it would have recorded.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator

import uvloop
from google.protobuf.message import Message

from bench.seed.families import family_events
from bench.seed.orders import customer_events, deliveries_of, order_events, product_events, seed_orders
from bench.sizes import Sizes
from event_store import Append, Appended, EventLog, EventStore, NewEvent, Outcome, StreamRead
from write_service.app import DOMAINS
from write_service.event_types import EventTypes

_UNDER_WAY = 4096
# The field of an event that names its stream, by the stream's category.
_KEYS = {
    "customer": ("Customer", "customer_id"),
    "product": ("Product", "sku"),
    "order": ("Order", "order_id"),
    "family": ("Family", "family_id"),
}
_BY_TYPE = {
    "StockReceived": "product",
    "StockReserved": "product",
    "StockReleased": "product",
    "RiskScoreUpdated": "family",
}


def write_orders(url: str, sizes: Sizes) -> int:
    """Write customers, products and orders; where the log ends then."""
    return uvloop.run(_write(url, _shop(sizes)))


def write_families(url: str, sizes: Sizes) -> int:
    """Write families; where the log ends then."""
    return uvloop.run(_write(url, (family_events(number) for number in range(sizes.families))))


def write_long_stream(url: str, sku: str, count: int) -> int:
    """Write one product's many events; where the log ends then."""
    return uvloop.run(_write(url, iter([deliveries_of(sku, count)])))


def _shop(sizes: Sizes) -> Iterator[list[Message]]:
    for number in range(sizes.customers):
        yield customer_events(number)
    for number in range(sizes.products):
        yield product_events(number)
    for order in seed_orders(sizes.orders, customers=sizes.customers, products=sizes.products):
        yield order_events(order)


async def _write(url: str, groups: Iterator[list[Message]]) -> int:
    store, log = EventStore(url), EventLog(url, connections=1)
    deciders = [decider for domain in DOMAINS for decider in domain.deciders]
    try:
        await EventTypes(store, log, deciders).is_ready()
        await _append_all(store, groups)
        return (await log.head()).position
    finally:
        await store.close()
        await log.close()


async def _append_all(store: EventStore, groups: Iterator[list[Message]]) -> None:
    versions, under_way = Counter[str](), list[asyncio.Future[Outcome]]()
    for group in groups:
        under_way.append(store.submit(_append(group, versions)))
        if len(under_way) == _UNDER_WAY:
            _check(await asyncio.gather(*under_way))
            under_way.clear()
    _check(await asyncio.gather(*under_way))


def _append(group: list[Message], versions: Counter[str]) -> Append:
    new = [_new_event(message) for message in group]
    streams = dict.fromkeys(event.stream for event in new)
    reads = tuple(StreamRead(stream=stream, version=versions[stream]) for stream in streams)
    versions.update(event.stream for event in new)
    return Append(
        command_id=uuid.uuid4(),
        fingerprint=b"seed",
        response=b"",
        stream=new[0].stream,
        reads=reads,
        events=tuple(new),
        actor="bench",
    )


def _new_event(message: Message) -> NewEvent:
    name = message.DESCRIPTOR.name
    category = _BY_TYPE.get(name) or next(
        each for each, (start, _) in _KEYS.items() if name.startswith(start)
    )
    return NewEvent(
        stream=f"{category}-{getattr(message, _KEYS[category][1])}",
        category=category,
        type=message.DESCRIPTOR.full_name,
        payload=message.SerializeToString(deterministic=True),
    )


def _check(outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        if not isinstance(outcome, Appended):
            raise TypeError(f"the seed was refused: {outcome}")
