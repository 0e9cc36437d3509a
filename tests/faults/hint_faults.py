"""Hints that come twice, late, in another order, or for nothing: they may make readers quick, never wrong."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis

from tests.faults.arena import Arena
from tests.faults.steps import Kind, Step

_HEARD_SECONDS = 0.4


@contextmanager
def notified(arena: Arena, step: Step) -> Iterator[str]:
    """Many hints that the log has grown, when it has not."""
    count = step.chance.randint(50, 500)
    with arena.database() as connection:
        for _ in range(count):
            connection.execute("NOTIFY event_log_appended")
        yield f"{count} for nothing"


@contextmanager
def repeated(arena: Arena, step: Step) -> Iterator[str]:
    """What was published of places reached is published again, later and in another order."""
    with redis.Redis.from_url(arena.admin_redis_url) as client:
        heard = _heard(client)
        yield f"{len(heard)} again"
        step.chance.shuffle(heard)
        for channel, content in heard * 2:
            client.publish(channel, content)


def _heard(client: Any) -> list[tuple[bytes, bytes]]:
    heard: list[tuple[bytes, bytes]] = []
    until = time.monotonic() + _HEARD_SECONDS
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.psubscribe("diptych:*:applied")
        while (left := until - time.monotonic()) > 0:
            message = subscription.get_message(timeout=left)
            if message is not None:
                heard.append((message["channel"], message["data"]))
    return heard


KINDS = {
    "hints.notified": Kind(fault=notified, weight=3, longest_seconds=0.2),
    "hints.repeated": Kind(fault=repeated, weight=5, longest_seconds=3.0),
}
