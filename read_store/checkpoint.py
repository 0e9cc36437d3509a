"""How far a read model has come, and how far behind the log that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from read_store.check_sums import checkpoint_seal
from read_store.errors import ReadModelDamaged

# A writer says every second that it lives; after this long without a word nobody knows the log's end.
_SILENT_AFTER_US = 3_000_000
_NUMBERS = ("position", "head", "events", "version", "sizes", "since_us", "caught_up_us", "beat_us")
_MOST_KNOWN = 256
_known: dict[bytes, Mapping[str, Any]] = {}
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


# Not frozen: each answer has one of its own, and past the guard its fields cost five times as much to set.
@dataclass(slots=True, kw_only=True)
class Checkpoint:
    """One generation's place in the log. Generation 0 means that no generation was ever started.

    `as_of` is when the newest event included was recorded, `head` the log's newest position known,
    `sizes` of how many keys the size is kept; `is_filled` whether it was ever caught up. `*_us` are
    microseconds since 1970 on the store's own clock: `since_us` when the log got what an empty generation
    lacks, `caught_up_us` when it was last known to be caught up (0: nobody knows), `beat_us` when the log's
    end was last looked at.
    """

    generation: int
    epoch: UUID
    position: int
    anchor: UUID | None
    as_of: datetime | None
    head: int
    events: int
    version: int
    sizes: int
    since_us: int
    caught_up_us: int
    beat_us: int
    now_us: int
    is_filled: bool
    is_live: bool

    @property
    def is_rebuilding(self) -> bool:
        """Whether this generation has never caught up with the log."""
        return self.generation > 0 and not self.is_filled

    @property
    def _is_caught_up(self) -> bool:
        is_beating = 0 <= self.now_us - self.beat_us <= _SILENT_AFTER_US
        return self.generation > 0 and self.position >= self.head and is_beating

    @property
    def is_current(self) -> bool:
        """Whether it is known to be caught up, as nearly all are: then it has no lag and is not stale."""
        return self.is_filled and self._is_caught_up

    def is_at(self, place: "Checkpoint") -> bool:
        """Whether nothing was written between the two: all that is written moves a generation's place.

        For a projection that is not split.
        """
        return (
            self.position == place.position
            and self.generation == place.generation
            and self.epoch == place.epoch
            and self.version == place.version
        )

    def lag_seconds(self) -> float:
        """0 when caught up; else how long ago this read model was last known to be caught up."""
        if self.generation == 0:
            return float("inf")
        if self._is_caught_up:
            return 0.0
        return max(0, self.now_us - (self.caught_up_us or self.since_us)) / 1_000_000

    def is_stale(self, after_seconds: float) -> bool:
        """Whether the lag is over a limit, or not known: never caught up, or the clock went back since."""
        if not self.is_filled or self.beat_us > self.now_us:
            return True
        if self.caught_up_us == 0 and not self._is_caught_up:
            return True
        return self.lag_seconds() > after_seconds


def parse_checkpoint(generation: bytes, now_us: bytes, flat: Sequence[bytes], *, is_live: bool) -> Checkpoint:
    """A checkpoint from its hash as name, value, name, value; raises ReadModelDamaged."""
    return Checkpoint(
        generation=int(generation) if flat else 0,
        now_us=int(now_us),
        is_live=is_live,
        **_contents(flat),
    )


def _contents(flat: Sequence[bytes]) -> Mapping[str, Any]:
    """What a checkpoint's hash says, which is the same for all reads until something is written."""
    # One text is looked up much faster than its parts; only what is damaged may hold zeros.
    name = b"\0".join(flat)
    contents = _known.get(name)
    if contents is None:
        contents = _parsed(flat)
        if len(_known) == _MOST_KNOWN:
            _known.clear()
        _known[name] = contents
    return contents


def _parsed(flat: Sequence[bytes]) -> Mapping[str, Any]:
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    if damage := fields.get(b"damaged"):
        raise ReadModelDamaged(*damage.decode().split(" ", 2))
    if fields and fields.get(b"seal") != _seal(fields):
        raise ReadModelDamaged("checkpoint")
    epoch, anchor = fields.get(b"epoch"), fields.get(b"anchor")
    return {
        "epoch": UUID(hex=epoch.decode()) if epoch else UUID(int=0),
        "anchor": UUID(hex=anchor.decode()) if anchor else None,
        "as_of": instant_of(int(fields[b"as_of_us"])) if b"as_of_us" in fields else None,
        "is_filled": b"is_filled" in fields,
        **{name: int(fields.get(name.encode(), b"0")) for name in _NUMBERS},
    }


def _seal(fields: Mapping[bytes, bytes]) -> bytes:
    epoch, anchor = (fields.get(name, b"").decode() for name in (b"epoch", b"anchor"))
    position, as_of_us = (int(fields.get(name, b"0")) for name in (b"position", b"as_of_us"))
    return b"%d" % checkpoint_seal(epoch, position, anchor, as_of_us)


def microseconds_of(instant: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (instant - _EPOCH_START) // timedelta(microseconds=1)


def instant_of(microseconds: int) -> datetime:
    """The instant that many microseconds after 1970 began, UTC."""
    return _EPOCH_START + timedelta(microseconds=microseconds)
