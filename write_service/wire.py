"""Messages put together from ready bytes, so that a stored answer is never decoded on its way out."""

from functools import cache, lru_cache

_VARINT, _LENGTH_DELIMITED = 0, 2


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a message: https://protobuf.dev/programming-guides/encoding."""
    return _head(number, len(content)) + content


def integer_field(number: int, value: int) -> bytes:
    """A field with a whole number that is not negative, or with a truth value."""
    return _tag(number, _VARINT) + _varint(value)


# Few numbers and lengths, again and again: looked up, they cost a fifth.
@lru_cache(maxsize=4096)
def _head(number: int, length: int) -> bytes:
    return _tag(number, _LENGTH_DELIMITED) + _varint(length)


@cache
def _tag(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
