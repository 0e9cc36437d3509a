"""Sealed tokens: opaque text that only this system can make and that shows any change."""

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache

_VERSION = 1
_SEAL_BYTES = 16
_MAX_TEXT = 8192


class TokenInvalid(Exception):
    """The text is not a token of this kind made with this key."""


def seal(kind: str, payload: bytes, key: bytes) -> str:
    """Answer URL-safe text that holds the payload; `kind` (at most 16 bytes) keeps uses apart.

    The payload is protected against change, not hidden.
    """
    body = bytes((_VERSION,)) + payload
    return base64.urlsafe_b64encode(body + _seal(kind, body, key)).rstrip(b"=").decode("ascii")


def open_sealed(kind: str, text: str, key: bytes) -> bytes:
    """Answer the payload of a token; raise TokenInvalid for anything that `seal` did not make."""
    raw = _decode(text)
    body, seal_found = raw[:-_SEAL_BYTES], raw[-_SEAL_BYTES:]
    if not body or body[0] != _VERSION or not hmac.compare_digest(seal_found, _seal(kind, body, key)):
        raise TokenInvalid(f"not a {kind} token of this system")
    return body[1:]


def _seal(kind: str, body: bytes, key: bytes) -> bytes:
    begun = _begun(kind, key).copy()
    begun.update(body)
    return begun.digest()


# To take the key in is half of a short token's work.
@lru_cache(maxsize=16)
def _begun(kind: str, key: bytes) -> "hashlib.blake2b":
    return hashlib.blake2b(digest_size=_SEAL_BYTES, key=key, person=kind.encode("ascii"))


def _decode(text: str) -> bytes:
    if len(text) > _MAX_TEXT:
        raise TokenInvalid("too long for a token")
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise TokenInvalid("not the text of a token") from None
    # One payload has one text: bits that base64 ignores would otherwise give a token many spellings.
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text.encode("ascii"):
        raise TokenInvalid("not the text of a token")
    return raw
