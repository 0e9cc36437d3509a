"""The consistency token: a place in the log that a caller carries from an answer to a query."""

import struct
from typing import NamedTuple
from uuid import UUID

from service_kit.tokens import TokenInvalid, open_sealed, seal

_KIND = "consistency"
_HEAD = struct.Struct(">16sQQ")


class ConsistencyPoint(NamedTuple):
    """A position in the history `epoch`; a command's receipt also names its stream and version."""

    epoch: UUID
    position: int
    stream: str = ""
    version: int = 0


def seal_point(point: ConsistencyPoint, key: bytes) -> str:
    """Answer the token's text."""
    head = _HEAD.pack(point.epoch.bytes, point.position, point.version)
    return seal(_KIND, head + point.stream.encode("utf-8"), key)


def open_point(text: str, key: bytes) -> ConsistencyPoint:
    """Answer the point of a token; raise TokenInvalid when it is not one of this system."""
    payload = open_sealed(_KIND, text, key)
    try:
        epoch, position, version = _HEAD.unpack_from(payload)
        stream = payload[_HEAD.size :].decode("utf-8")
    except (struct.error, UnicodeDecodeError):
        raise TokenInvalid("not a consistency token of this system") from None
    return ConsistencyPoint(epoch=UUID(bytes=epoch), position=position, stream=stream, version=version)
