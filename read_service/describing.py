"""How fresh an answer is, as it is told to a caller."""

from typing import Any

from diptych.consistency.v1.consistency_pb2 import ConsistencyToken, Freshness
from google.protobuf.duration_pb2 import Duration

from read_store import Checkpoint
from service_kit.consistency_token import ConsistencyPoint, seal_point

_NO_LAG = Freshness(lag=Duration()).SerializeToString()


class Describer:
    """Encodes freshness; most of it is the same for all answers until something happens."""

    def __init__(self, *, token_key: bytes, stale_after_seconds: float) -> None:
        self._token_key = token_key
        self._stale_after_seconds = stale_after_seconds
        self._answered: Checkpoint | None = None
        self._described = b""
        self._place: tuple[Any, ...] = ()
        self._encoded_place = b""

    def describe(self, place: Checkpoint, *, is_short: bool) -> bytes:
        """Encode the freshness of an answer from a place; `is_short` when a fresher one was required."""
        if is_short:
            return self._describe(place, is_short=True)
        # Those who were answered together share one.
        if place is not self._answered:
            self._answered, self._described = place, self._describe(place, is_short=False)
        return self._described

    def token_at(self, place: Checkpoint, position: int) -> ConsistencyToken:
        """Answer the token of a position in the history that the checkpoint belongs to."""
        point = ConsistencyPoint(epoch=place.epoch, position=position)
        return ConsistencyToken(token=seal_point(point, self._token_key))

    def _describe(self, place: Checkpoint, *, is_short: bool) -> bytes:
        name = (place.generation, place.epoch, place.position, place.as_of)
        if name != self._place:
            self._place, self._encoded_place = name, self._encode(place)
        if place.is_current and not is_short:
            return self._encoded_place + _NO_LAG
        is_stale = is_short or place.is_stale(self._stale_after_seconds)
        lag_us = round(place.lag_seconds() * 1_000_000)
        now = Freshness(stale=is_stale)
        now.lag.FromMicroseconds(lag_us)
        # Messages that stand one after the other are one message with the fields of both.
        return self._encoded_place + now.SerializeToString()

    def _encode(self, place: Checkpoint) -> bytes:
        freshness = Freshness(
            position=place.position, generation=place.generation, token=self.token_at(place, place.position)
        )
        if place.as_of is not None:
            freshness.as_of.FromDatetime(place.as_of)
        return freshness.SerializeToString()
