"""How far several partitions of a read model have come, told as one place: that of the last."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from read_store.checkpoint import Checkpoint


@dataclass(slots=True, kw_only=True)
class MergedCheckpoint(Checkpoint):
    """The checkpoint of several partitions: position and `as_of` are the least, lag is the greatest.

    `generation` counts up whenever that of a partition does; 0 while one was never started, and while
    partitions are of different histories of the log, of which no answer can be made.
    """

    parts: tuple[Checkpoint, ...]

    @property
    def is_current(self) -> bool:
        """Whether all partitions are."""
        return all(part.is_current for part in self.parts)

    def lag_seconds(self) -> float:
        """The greatest lag of a partition."""
        return max(part.lag_seconds() for part in self.parts)

    def is_stale(self, after_seconds: float) -> bool:
        """Whether a partition's lag is over a limit, or not known."""
        return any(part.is_stale(after_seconds) for part in self.parts)


def merge_checkpoints(parts: Sequence[Checkpoint]) -> Checkpoint:
    """The checkpoint that an answer from these partitions has; a single one's own."""
    if len(parts) == 1:
        return parts[0]
    last = min(parts, key=lambda part: part.position)
    is_one_history = all(part.epoch == last.epoch for part in parts)
    is_started = is_one_history and all(part.generation > 0 for part in parts)
    return MergedCheckpoint(
        generation=sum(part.generation for part in parts) - len(parts) + 1 if is_started else 0,
        epoch=last.epoch if is_one_history else UUID(int=0),
        position=last.position,
        anchor=last.anchor,
        as_of=last.as_of,
        head=max(part.head for part in parts),
        events=sum(part.events for part in parts),
        version=min(part.version for part in parts),
        sizes=sum(part.sizes for part in parts),
        since_us=min(part.since_us for part in parts),
        caught_up_us=min(part.caught_up_us for part in parts),
        beat_us=min(part.beat_us for part in parts),
        now_us=max(part.now_us for part in parts),
        is_filled=all(part.is_filled for part in parts),
        is_live=all(part.is_live for part in parts),
        parts=tuple(parts),
    )


def parts_of(checkpoint: Checkpoint) -> tuple[Checkpoint, ...]:
    """The checkpoints of the partitions that were read."""
    return checkpoint.parts if isinstance(checkpoint, MergedCheckpoint) else (checkpoint,)
