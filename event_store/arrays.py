"""Arrays in PostgreSQL's binary format, made in one join: the generic way costs a call an element.

The layout is that of `array_send` in PostgreSQL's src/backend/utils/adt/arrayfuncs.c.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, repeat
from struct import Struct, pack
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = Struct("!iiIii")
_EMPTY = Struct("!iiI")
_LENGTH = Struct("!i")
_NULL = _LENGTH.pack(-1)
_SHORT = 1


class Array(bytes):
    """The wire bytes of an array; the class says of what."""

    __slots__ = ()
    element_oid = 0
    array_oid = 0

    @classmethod
    def _of_parts(cls, count: int, parts: Iterable[bytes]) -> "Array":
        if not count:
            return cls(_EMPTY.pack(0, 0, cls.element_oid))
        return cls(_HEADER.pack(1, 1, cls.element_oid, count, 1) + b"".join(parts))


class Int2Array(Array):
    """smallint[]"""

    __slots__ = ()
    element_oid, array_oid = 21, 1005

    @classmethod
    def of(cls, values: Sequence[int]) -> Array:
        return _short(cls, *values) if len(values) <= _SHORT else cls.made(values)

    @classmethod
    def made(cls, values: Sequence[int]) -> Array:
        """As `of`, made anew."""
        count = len(values)
        return cls._of_parts(count, [pack("!" + "ih" * count, *chain.from_iterable(zip(repeat(2), values)))])


class Int4Array(Array):
    """integer[]"""

    __slots__ = ()
    element_oid, array_oid = 23, 1007

    @classmethod
    def of(cls, values: Sequence[int]) -> Array:
        return _short(cls, *values) if len(values) <= _SHORT else cls.made(values)

    @classmethod
    def made(cls, values: Sequence[int]) -> Array:
        """As `of`, made anew."""
        flat = [4] * (2 * len(values))
        flat[1::2] = values
        return cls._of_parts(len(values), [pack(f"!{len(flat)}i", *flat)])


class Int8Array(Array):
    """bigint[]"""

    __slots__ = ()
    element_oid, array_oid = 20, 1016

    @classmethod
    def of(cls, values: Sequence[int]) -> Array:
        flat = [part for value in values for part in (8, value)]
        return cls._of_parts(len(values), [pack("!" + "iq" * len(values), *flat)])


class UuidArray(Array):
    """uuid[]"""

    __slots__ = ()
    element_oid, array_oid = 2950, 2951

    @classmethod
    def of(cls, values: Sequence[UUID]) -> Array:
        sixteen = _LENGTH.pack(16)
        return cls._of_parts(len(values), [sixteen + value.bytes for value in values])


class ByteaArray(Array):
    """bytea[]"""

    __slots__ = ()
    element_oid, array_oid = 17, 1001

    @classmethod
    def of(cls, values: Sequence[bytes]) -> Array:
        length = _LENGTH.pack
        return cls._of_parts(len(values), [part for value in values for part in (length(len(value)), value)])


class TextArray(Array):
    """text[], None for null"""

    __slots__ = ()
    element_oid, array_oid = 25, 1009

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Array:
        return _short(cls, *values) if len(values) <= _SHORT else cls.made(values)

    @classmethod
    def made(cls, values: Sequence[str | None]) -> Array:
        """As `of`, made anew."""
        length = _LENGTH.pack
        # Most of a column's values come again and again.
        parts: dict[str | None, bytes] = {None: _NULL}
        for value in set(values):
            if value is not None:
                encoded = value.encode()
                parts[value] = length(len(encoded)) + encoded
        return cls._of_parts(len(values), [parts[value] for value in values])


class Int8(Array):
    """bigint, one alone, for statements that are sent with ready parameters"""

    __slots__ = ()
    array_oid = 20

    @classmethod
    def of(cls, value: int) -> Array:
        return cls(pack("!q", value))


# The columns of a command that comes alone are mostly those of the one before.
@lru_cache(maxsize=4096, typed=True)
def _short(kind: "type[Int2Array | Int4Array | TextArray]", *values: Any) -> Array:
    return kind.made(values)


class _AsItIs(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> Buffer | None:
        return obj


def register_arrays(connection: AsyncConnection) -> None:
    """Lets parameters of these classes pass to a new connection's database as they are."""
    for kind, dumper in _DUMPERS:
        connection.adapters.register_dumper(kind, dumper)


_DUMPERS = [
    (kind, type(f"{kind.__name__}Dumper", (_AsItIs,), {"oid": kind.array_oid}))
    for kind in (Int2Array, Int4Array, Int8Array, UuidArray, ByteaArray, TextArray)
]
