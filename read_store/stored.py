"""How a document is stored: a frame that answers can be put together from, its version and place, a seal."""

from collections.abc import Sequence
from operator import itemgetter
from struct import Struct
from typing import NamedTuple

from read_store.check_sums import SEAL_BYTES, check_document, seal

# Field 1, length-delimited: a page has its rows there, an answer its entity.
_TAG = b"\x0a"
_PLACE = Struct(">QQ")
_BEHIND_FRAME = _PLACE.size + SEAL_BYTES
_LARGEST_OF_ONE_BYTE = 0x7F
_frame_of = itemgetter(slice(None, -_BEHIND_FRAME))


class StoredDocument(NamedTuple):
    """A view's bytes with its stream's version and the position of its last change. A named tuple, because a
    rebuild makes millions of them."""

    version: int
    position: int
    message: bytes

    def pack(self, id_: str) -> bytes:
        """The value kept in the store for the entity: frame, version, position, seal."""
        content = framed(self.message) + _PLACE.pack(self.version, self.position)
        return content + seal(id_.encode(), content)


def unpack_document(view: str, id_: str, stored: bytes) -> StoredDocument:
    """The document in a stored value; raises ReadModelDamaged."""
    check_document(view, id_.encode(), stored)
    version, position = place_of(stored)
    return StoredDocument(version=version, position=position, message=message_of(stored))


def place_of(stored: bytes) -> tuple[int, int]:
    """The version and the position in a stored value."""
    version, position = _PLACE.unpack_from(stored, len(stored) - _BEHIND_FRAME)
    return version, position


def message_of(stored: bytes) -> bytes:
    """The message in a stored value."""
    start = len(_TAG) + 1
    while stored[start - 1] > _LARGEST_OF_ONE_BYTE:
        start += 1
    return stored[start:-_BEHIND_FRAME]


def frames_of(stored: Sequence[bytes]) -> bytes:
    """The messages of stored values as field 1 of a message, one after the other."""
    return b"".join(map(_frame_of, stored))


def framed(message: bytes) -> bytes:
    """A message as field 1 of another one."""
    length, encoded = len(message), bytearray(_TAG)
    while length > _LARGEST_OF_ONE_BYTE:
        encoded.append(length & _LARGEST_OF_ONE_BYTE | 0x80)
        length >>= 7
    encoded.append(length)
    return bytes(encoded) + message
