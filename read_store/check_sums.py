"""Check sums of documents, tally rows and checkpoints: what tells that somebody else's hand changed them."""

import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from read_store.errors import ReadModelDamaged

# The column of a row that holds its check sum; no tally names one so.
CHECK_SUM_COLUMN = "\0"
SEAL_BYTES = 4
# What is stored in another way than now is taken for damaged, and so made anew from the log.
_LAYOUT = 2
_MODULUS = 2**32
# Its bytes, the lowest first, are what has the CRC-32 0: behind other bytes, XORed with their CRC-32.
_TO_ZERO = int.from_bytes(b"\x9d\x0a\xd9\x6d", "little")


def seal(id_: bytes, content: bytes) -> bytes:
    """The four bytes behind a document that bring the CRC-32 of its id, itself and them to 0."""
    return (zlib.crc32(content, zlib.crc32(id_)) ^ _TO_ZERO).to_bytes(SEAL_BYTES, "little")


def is_whole(id_: bytes, sealed: bytes) -> bool:
    """Whether a sealed document is the one that was sealed for this id.

    Since its CRC-32 begins and ends with 0, so does that of several such pairs in a row.
    """
    return zlib.crc32(sealed, zlib.crc32(id_)) == 0


def check_document(view: str, id_: bytes, sealed: bytes | None) -> None:
    """Raises ReadModelDamaged for a document that is missing or another one than was sealed."""
    if sealed is None or not is_whole(id_, sealed):
        raise ReadModelDamaged("document", view, id_.decode())


def check_documents(view: str, ids: Sequence[bytes], sealed: Sequence[bytes | None]) -> None:
    """Raises ReadModelDamaged as check_document does, for many in a fraction of the time."""
    if None not in sealed:
        in_a_row: Any = chain.from_iterable(zip(ids, sealed, strict=True))
        if is_whole(b"", b"".join(in_a_row)):
            return
    for id_, each in zip(ids, sealed, strict=True):
        check_document(view, id_, each)


@lru_cache(maxsize=65_536)
def column_weight(column: str) -> int:
    """What one unit in this column adds to its row's check sum; odd, so that a change of it never is none."""
    return zlib.crc32(column.encode()) | 1


def as_amount(sum_: int) -> int:
    """A sum's change as a small signed number: sums are compared modulo 2^32, and never leave 64 bits."""
    return (sum_ + _MODULUS // 2) % _MODULUS - _MODULUS // 2


def is_equal(sum_: int, kept: int) -> bool:
    """Whether two check sums of a row are the same."""
    return (sum_ - kept) % _MODULUS == 0


def checkpoint_seal(epoch: str, position: int, anchor: str, as_of_us: int) -> int:
    """The check sum of what a checkpoint says of its place; hexadecimal texts, both empty for no event."""
    return zlib.crc32(f"{_LAYOUT} {epoch} {position} {anchor} {as_of_us}".encode())
