"""Single documents at any position, each folded from its own stream alone."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from tests.faults.checker.log_dump import LogEvent, LogIndex
from tests.faults.checker.timeline import Held, fold_stream, stream_of

# Of longer streams so many versions are folded, evenly spread; a fold takes as long as the stream.
_MOST_VERSIONS = 200
_KEPT = 20_000


class Documents:
    """Folds on demand and remembers."""

    def __init__(self, index: LogIndex) -> None:
        self._index = index
        self._held: OrderedDict[tuple[str, int], Held] = OrderedDict()

    def is_folded(self, view: str, id_: str, position: int) -> bool:
        """Whether that version is among those that are folded."""
        stream = stream_of(view, id_)
        step = -(-len(self._index.by_stream.get(stream, ())) // _MOST_VERSIONS) or 1
        return self._index.version_at(stream, position) % step == 0

    def at(self, view: str, id_: str, position: int) -> dict[str, Any] | None:
        """The document up to a position; None while there is none."""
        stream = stream_of(view, id_)
        return self.of_version(view, id_, self._index.version_at(stream, position))

    def of_version(self, view: str, id_: str, version: int) -> dict[str, Any] | None:
        """The document after so many events."""
        if version == 0:
            return None
        events = self._index.by_stream[stream_of(view, id_)]
        return self._fold(events, version).documents.get((view, id_))

    def fold(self, events: Sequence[LogEvent]) -> Held:
        """What the first events of one stream come to, up to the last one given."""
        return self._fold(events, len(events))

    def _fold(self, events: Sequence[LogEvent], version: int) -> Held:
        key = (events[0].stream, version)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = fold_stream(events[:version])
            if len(self._held) > _KEPT:
                self._held.popitem(last=False)
        return held
