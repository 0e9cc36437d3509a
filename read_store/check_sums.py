"""Check sums of documents, tally rows and checkpoints: what tells that somebody else's hand changed them."""

import zlib
from functools import lru_cache

from read_store.errors import ReadModelDamaged

# The column of a row that holds its check sum; no tally names one so.
CHECK_SUM_COLUMN = "\0"
_MODULUS = 2**32


def document_sum(id_: bytes, content: bytes) -> int:
    """The check sum of a stored document: of whom it is, its version, its position and its message."""
    return zlib.crc32(content, zlib.crc32(id_))


def checked_content(view: str, id_: bytes, stored: bytes) -> bytes:
    """A stored document behind its check sum; raises ReadModelDamaged."""
    content = stored[4:]
    if document_sum(id_, content) != int.from_bytes(stored[:4], "big"):
        raise ReadModelDamaged("document", view, id_.decode())
    return content


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
    return zlib.crc32(f"{epoch} {position} {anchor} {as_of_us}".encode())
