"""What an accepted command is answered with, the first time and every time after."""

import hashlib
from datetime import datetime
from functools import lru_cache

from diptych.command.v1.command_pb2 import CommandReceipt
from diptych.consistency.v1.consistency_pb2 import ConsistencyToken
from google.protobuf.message import Message

from event_store import StoredCommand
from service_kit.consistency_token import ConsistencyPoint, seal_point
from write_service.timestamps import timestamp
from write_service.wire import field, integer_field

_RECEIPT_FIELD = 1
_NUMBERS = {each.name: each.number for each in CommandReceipt.DESCRIPTOR.fields}
_TOKEN_FIELD = ConsistencyToken.DESCRIPTOR.fields_by_name["token"].number


class Receipts:
    """Makes answers and fingerprints with the key of this system."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        # To take the key in is half of a fingerprint's work.
        self._fingerprint = hashlib.blake2b(key=key, digest_size=32, person=b"fingerprint")

    def answer(self, stored: StoredCommand, *, replayed: bool) -> bytes:
        """The response with its receipt; but for `replayed` it is the same bytes each time.

        A CommandReceipt put together by hand: by the library it takes three times as long.
        """
        point = ConsistencyPoint(stored.epoch, stored.position, stored.stream, stored.version)
        receipt = b"".join(
            (
                field(_NUMBERS["stream"], stored.stream.encode()),
                integer_field(_NUMBERS["version"], stored.version),
                integer_field(_NUMBERS["position"], stored.position),
                field(_NUMBERS["token"], field(_TOKEN_FIELD, seal_point(point, self._key).encode())),
                _recorded_at(stored.recorded_at),
                integer_field(_NUMBERS["replayed"], 1) if replayed else b"",
            )
        )
        return field(_RECEIPT_FIELD, receipt) + stored.response

    def fingerprint(self, name: str, request: Message) -> bytes:
        """What tells a repeat of a command from other content; keyed, so that nobody can guess content."""
        fingerprint = self._fingerprint.copy()
        fingerprint.update(name.encode() + b"\0" + request.SerializeToString(deterministic=True))
        return fingerprint.digest()


# Everything that is appended together has one time.
@lru_cache(maxsize=16)
def _recorded_at(moment: datetime) -> bytes:
    return field(_NUMBERS["recorded_at"], timestamp(moment).SerializeToString())
