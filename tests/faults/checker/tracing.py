"""Makes the store keep a trace of each batch that it takes, without the product's knowledge."""

from pathlib import Path

import redis

from read_store import LIBRARY

_TRACED = (Path(__file__).parent / "traced_apply.lua").read_text(encoding="utf-8")
_REGISTRATION = "redis.register_function{"


def traced(text: str) -> str:
    """The library under its own name, with an apply function that leaves a trace."""
    sources, registrations = text.split(_REGISTRATION, 1)
    apply_traced = f"{_REGISTRATION}{registrations}".replace("callback=apply}", "callback=traced_apply}")
    return f"{sources}{_TRACED}\n{apply_traced}"


def trace_batches(admin_url: str, text: str = LIBRARY.text) -> None:
    """From now on, of this library; a store that comes back from before this moment has no trace again."""
    with redis.Redis.from_url(admin_url) as client:
        client.function_load(traced(text), replace=True)
