"""Ids that the service makes for entities whose creator gave none."""

import os
import time
from uuid import UUID


def new_id() -> str:
    """A UUIDv7 (RFC 9562, section 5.7): ids made later sort later, which keeps indexes compact."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = (milliseconds & (1 << 48) - 1) << 80 | random & (1 << 80) - 1
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return str(UUID(int=value))
