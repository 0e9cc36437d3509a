"""Page tokens: where a list goes on, sealed, and bound to its method and filters."""

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from read_service.freshness import Floor
from read_service.refusals import page_token_invalid
from service_kit.tokens import TokenInvalid, open_sealed, seal

_KIND = "page"
# Made once: json.dumps would make one for each token.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_HEAD = struct.Struct(">16s16sQQ")
# A place holds a text to go on after, and some texts fold to many times their length.
_LONG_PLACE_BYTES = 300
# Fields of a list's request that may differ from call to call.
_FREE_FIELDS = ("consistency", "page_size", "limit", "page_token")

Place = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """Where a list goes on: after a place, on what a page before stood on."""

    place: Place
    floor: Floor


class PageTokens:
    """The tokens of one list."""

    def __init__(self, list_name: str, filters: Message, key: bytes) -> None:
        """`filters` is the list's request with defaults filled in; the fields that may differ don't count."""
        self._binding = _fingerprint(list_name, filters)
        self._key = key

    def write(self, resumption: Resumption) -> str:
        """Answer the token's text."""
        floor = resumption.floor
        head = _HEAD.pack(self._binding, floor.epoch.bytes, floor.generation, floor.position)
        content: Any = resumption.place
        if floor.parts:
            content = {"place": resumption.place, "parts": floor.parts}
        place = _encode(content).encode()
        if len(place) > _LONG_PLACE_BYTES:
            place = zlib.compress(place)
        return seal(_KIND, head + place, self._key)

    def read(self, text: str) -> Resumption | None:
        """Answer where to go on, None for no token; raise ServiceError PAGE_TOKEN_INVALID."""
        if not text:
            return None
        try:
            payload = open_sealed(_KIND, text, self._key)
            binding, epoch, generation, position = _HEAD.unpack_from(payload)
        except (TokenInvalid, struct.error):
            raise page_token_invalid() from None
        if binding != self._binding:
            raise page_token_invalid()
        # From here on the content is what `write` made: the seal holds and the binding is ours.
        place = payload[_HEAD.size :]
        if place[:1] not in (b"[", b"{"):
            place = zlib.decompress(place)
        content = json.loads(place)
        if not isinstance(content, dict):
            content = {"place": content, "parts": ()}
        return Resumption(
            place=tuple(content["place"]),
            floor=Floor(
                generation=generation,
                epoch=UUID(bytes=epoch),
                position=position,
                parts=tuple((part[0], part[1]) for part in content["parts"]),
            ),
        )


def _fingerprint(list_name: str, filters: Message) -> bytes:
    bound = type(filters)()
    bound.CopyFrom(filters)
    for name in _FREE_FIELDS:
        if name in bound.DESCRIPTOR.fields_by_name:
            bound.ClearField(name)
    content = bound.SerializeToString(deterministic=True)
    return hashlib.blake2b(list_name.encode() + b"\0" + content, digest_size=16).digest()
