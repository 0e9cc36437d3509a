"""What keeps the commands of one batch in the order sent while several are on their way to the log."""

from collections import deque
from collections.abc import Collection, Iterable

from event_store import Attempt

_FEW_STREAMS = 4096


class BatchOrder:
    """Which attempts of a batch read which streams, and whether one of them failed.

    A command that reads what an earlier one writes is decided on it, and so follows it. One that writes
    what an earlier one only read has to follow that one too, or it could take effect while the earlier
    one, refused by somebody else's write, is still to be decided again.
    """

    def __init__(self) -> None:
        self.has_trouble = False
        self._readers: dict[str, deque[Attempt]] = {}
        self._many_streams = _FEW_STREAMS

    def note_trouble(self) -> None:
        """An attempt failed, or is bound to: nothing is begun until those under way have ended."""
        self.has_trouble = True

    def begin_again(self) -> None:
        """Nothing is under way."""
        self.has_trouble = False
        self._readers.clear()

    def readers(self, written: Iterable[str]) -> list[Attempt]:
        """The earlier attempts, not known to be appended, that read one of these streams."""
        return [
            attempt for name in written for attempt in self._readers.get(name, ()) if not attempt.is_appended
        ]

    def add(self, attempt: Attempt, reads: Iterable[str], written: Collection[str]) -> None:
        """An attempt is on its way."""
        for name in reads:
            readers = self._readers.setdefault(name, deque())
            if name in written:
                # It follows all of them, so who follows it does too.
                readers.clear()
            while readers and readers[0].is_appended:
                readers.popleft()
            readers.append(attempt)
        if len(self._readers) > self._many_streams:
            self._forget_appended()

    def _forget_appended(self) -> None:
        self._readers = {
            name: readers for name, readers in self._readers.items() if not readers[-1].is_appended
        }
        self._many_streams = max(_FEW_STREAMS, 2 * len(self._readers))
