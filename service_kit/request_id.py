"""The id that ties a call's log lines, its error details and the caller's own trace together."""

import itertools
import re
import secrets
from collections.abc import Iterable

Metadata = Iterable[tuple[str, str | bytes]]

REQUEST_ID_KEY = "x-request-id"
# Random for each process, counted within it: randomness for each call would be a system call for each.
_PROCESS = secrets.token_hex(10)
_calls = itertools.count(1)
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}")


def request_id_of(metadata: Metadata) -> str | None:
    """Answer the caller's x-request-id when there is one and it is well formed."""
    for key, value in metadata:
        if key == REQUEST_ID_KEY and isinstance(value, str) and _WELL_FORMED.fullmatch(value):
            return value
    return None


def new_request_id() -> str:
    """Answer an id for a call that came without one."""
    return f"{_PROCESS}{next(_calls):012x}"
