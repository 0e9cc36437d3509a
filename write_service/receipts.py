"""What an accepted command is answered with, the first time and every time after."""

import hashlib

from diptych.command.v1.command_pb2 import CommandReceipt
from google.protobuf.message import Message

from event_store import StoredCommand
from service_kit.consistency_token import ConsistencyPoint, seal_point
from write_service.timestamps import timestamp
from write_service.wire import field

_RECEIPT_FIELD = 1


class Receipts:
    """Makes answers and fingerprints with the key of this system."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        # To take the key in is half of a fingerprint's work.
        self._fingerprint = hashlib.blake2b(key=key, digest_size=32, person=b"fingerprint")

    def answer(self, stored: StoredCommand, *, replayed: bool) -> bytes:
        """The response with its receipt; but for `replayed` it is the same bytes each time."""
        point = ConsistencyPoint(
            epoch=stored.epoch, position=stored.position, stream=stored.stream, version=stored.version
        )
        receipt = CommandReceipt(
            stream=stored.stream,
            version=stored.version,
            position=stored.position,
            recorded_at=timestamp(stored.recorded_at),
            replayed=replayed,
        )
        receipt.token.token = seal_point(point, self._key)
        return field(_RECEIPT_FIELD, receipt.SerializeToString()) + stored.response

    def fingerprint(self, name: str, request: Message) -> bytes:
        """What tells a repeat of a command from other content; keyed, so that nobody can guess content."""
        fingerprint = self._fingerprint.copy()
        fingerprint.update(name.encode() + b"\0" + request.SerializeToString(deterministic=True))
        return fingerprint.digest()
