"""What may be told of a failure."""

from event_store import StoreError
from projector.follower import EventRefused, LogGap
from projector.generations import HistoryChanged
from read_store import CheckpointMoved, Fenced, ReadModelDamaged, ReadStoreUnavailable

# Errors whose text is made of names, ids and positions only.
_TELLING = (
    *(EventRefused, HistoryChanged, LogGap, Fenced, CheckpointMoved, ReadModelDamaged),
    *(StoreError, ReadStoreUnavailable),
)


def told_of(error: Exception) -> str:
    """The error's kind, and its text where that holds nothing of an event."""
    kind = type(error).__name__
    return f"{kind}: {error}" if isinstance(error, _TELLING) else kind
