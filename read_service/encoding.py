"""Responses put together from stored bytes: a field's tag, its length, its bytes."""

from collections.abc import Iterable
from functools import lru_cache

_LENGTH_DELIMITED = 2


def field(number: int, content: bytes) -> bytes:
    """Encode one message, text or bytes field."""
    return b"".join((varint(number << 3 | _LENGTH_DELIMITED), varint(len(content)), content))


def fields(number: int, contents: Iterable[bytes]) -> bytes:
    """Encode a repeated field."""
    tag = varint(number << 3 | _LENGTH_DELIMITED)
    return b"".join(part for content in contents for part in (tag, varint(len(content)), content))


@lru_cache(maxsize=4096)
def varint(value: int) -> bytes:
    """Encode a number of at least 0. Most are tags and lengths, which are the same few again and again."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def flag(number: int) -> bytes:
    """Encode a bool field that is true."""
    return varint(number << 3) + b"\x01"
