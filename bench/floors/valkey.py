"""Valkey alone: a stored document by GET, one command a round trip, by as many connections as clients."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import unquote, urlsplit

import redis

from bench.load.redis_calls import RedisCalls
from bench.stand import Stand

_KEY = "bench:document"


def gets_per_second(stand: Stand, document: bytes, *, clients: int) -> float:
    """GETs a second of a document."""
    with redis.Redis.from_url(stand.valkey.admin_url) as client:
        client.set(_KEY, document)
    parts = urlsplit(stand.valkey.admin_url)
    assert parts.username
    assert parts.password
    calls = partial(_calls, parts.username, unquote(parts.password))
    return stand.run(unquote(parts.path), calls, connections=clients, is_raw=True).per_second


def _calls(user: str, password: str, count: int) -> Sequence[RedisCalls]:
    return [RedisCalls(user, password, lambda _: (b"GET", _KEY.encode())) for _ in range(count)]
