"""How fresh an answer is, as it is told to a caller."""

from typing import Any

from diptych.consistency.v1.consistency_pb2 import ConsistencyToken, Freshness

from read_store import Checkpoint
from service_kit.consistency_token import ConsistencyPoint, seal_point


class Describer:
    """Encodes freshness; while nothing happens every answer is as fresh as the one before it."""

    def __init__(self, *, token_key: bytes, stale_after_seconds: float) -> None:
        self._token_key = token_key
        self._stale_after_seconds = stale_after_seconds
        self._said: tuple[Any, ...] = ()
        self._encoded = b""

    def describe(self, place: Checkpoint, *, is_short: bool) -> bytes:
        """Encode the freshness of an answer from a place; `is_short` when a fresher one was required."""
        is_stale = is_short or place.is_stale(self._stale_after_seconds)
        lag_us = round(place.lag_seconds() * 1_000_000)
        said = (place.generation, place.epoch, place.position, place.as_of, is_stale, lag_us)
        if said != self._said:
            self._said, self._encoded = said, self._encode(place, lag_us, is_stale=is_stale)
        return self._encoded

    def token_at(self, place: Checkpoint, position: int) -> ConsistencyToken:
        """Answer the token of a position in the history that the checkpoint belongs to."""
        point = ConsistencyPoint(epoch=place.epoch, position=position)
        return ConsistencyToken(token=seal_point(point, self._token_key))

    def _encode(self, place: Checkpoint, lag_us: int, *, is_stale: bool) -> bytes:
        freshness = Freshness(
            position=place.position,
            stale=is_stale,
            generation=place.generation,
            token=self.token_at(place, place.position),
        )
        if place.as_of is not None:
            freshness.as_of.FromDatetime(place.as_of)
        freshness.lag.FromMicroseconds(lag_us)
        return freshness.SerializeToString()
