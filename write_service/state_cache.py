"""What this process knows of streams: the state in the log, and what appends on their way will make of it."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from uuid import UUID

from event_store import Attempt, Outcome
from write_service.decider import Stream


class Writing:
    """An append on its way. It is doomed when what it was decided on will not be in the log."""

    __slots__ = ("_waiting", "attempt", "is_doomed", "on_doom", "outcome")

    def __init__(self, attempt: Attempt, on_doom: Callable[[], None] | None) -> None:
        self.attempt = attempt
        self.is_doomed = False
        self.on_doom = on_doom
        # None while it is on its way; an error where the store could not do it, or could not tell.
        self.outcome: Outcome | Exception | None = None
        self._waiting: list[asyncio.Future[None]] = []

    async def ended(self) -> Outcome | Exception:
        """What became of it; who waits may go away, and it goes on to its end."""
        while self.outcome is None:
            self._waiting.append(waiting := asyncio.get_running_loop().create_future())
            await waiting
        return self.outcome

    def end(self, outcome: Outcome | Exception) -> None:
        """Tell those who wait."""
        self.outcome = outcome
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def doom(self) -> None:
        """Tell, once, that this append can't succeed."""
        if not self.is_doomed:
            self.is_doomed = True
            if self.on_doom is not None:
                self.on_doom()


class Known:
    """A stream's state at a version; `writing` is the append that makes it, None once it is in the log."""

    __slots__ = ("command_id", "state", "version", "writing")

    def __init__(self, version: int, state: Any, command_id: UUID | None, writing: Writing | None) -> None:
        self.version = version
        self.state = state
        self.command_id = command_id
        self.writing = writing


class CachedStream:
    """One stream: what is confirmed by the log, and after it, in order, what is expected.

    Commands are decided on the last of these, so that a hot stream does not wait for the disk between
    two commands. What is expected rests on what stands before it: when that fails, all the rest does.
    """

    __slots__ = ("_expected", "confirmed", "is_unread", "seen_version", "snapshot_version", "stream")

    def __init__(self, stream: Stream[Any]) -> None:
        self.stream = stream
        self._expected: list[Known] = []
        self.forget()

    def forget(self) -> None:
        """Start again from nothing: what was known is of another history of the log."""
        self._doom(0)
        self.confirmed = Known(0, self.stream.decider.initial, None, None)
        self.is_unread = True
        # The highest version that the log is known to have.
        self.seen_version = 0
        self.snapshot_version = 0

    @property
    def latest(self) -> Known:
        """What the next command is decided on."""
        return self._expected[-1] if self._expected else self.confirmed

    @property
    def is_expecting(self) -> bool:
        """Whether appends to this stream are on their way."""
        return bool(self._expected)

    def must_be_read(self, *, may_be_absent: bool) -> bool:
        """Whether the log has to be asked before a decision; a command that begins a stream may guess."""
        if self.confirmed.version < self.seen_version:
            return True
        return self.is_unread and not self._expected and not may_be_absent

    def expect(self, known: Known) -> None:
        """An append that makes this state is on its way."""
        self._expected.append(known)

    def confirm(self, known: Known) -> None:
        """The append that makes this state is in the log."""
        known.writing = None
        if known in self._expected:
            del self._expected[: self._expected.index(known) + 1]
        elif known.version > self.confirmed.version:
            self._doom(0)
        else:
            return
        self.confirmed = known
        self.is_unread = False

    def give_up(self, known: Known) -> None:
        """The append that would make this state failed, so nothing that rests on it can succeed."""
        if known in self._expected:
            self._doom(self._expected.index(known))

    def saw(self, version: int) -> None:
        """The log has this version, by whoever wrote it; appends confirmed so far are taken into account."""
        if version > self.confirmed.version:
            self.seen_version = version
            self._doom(0)

    def read(self, version: int, state: Any, command_id: UUID | None) -> None:
        """The log was read up to this version, its end at that moment."""
        self.is_unread = False
        self.seen_version = max(version, self.confirmed.version)
        if version <= self.confirmed.version:
            return
        ours = next((known for known in self._expected if known.version == version), None)
        if ours is not None and ours.command_id == command_id:
            # What is expected after it stays: if the log has it from another attempt, that fails by itself.
            del self._expected[: self._expected.index(ours) + 1]
        else:
            self._doom(0)
        self.confirmed = Known(version, state, command_id, None)

    def follow(self, version: int, state: Any, command_id: UUID | None) -> None:
        """Another process appended the event right after what is confirmed, which makes this state."""
        self._doom(0)
        self.confirmed = Known(version, state, command_id, None)

    def _doom(self, first: int) -> None:
        doomed = self._expected[first:]
        del self._expected[first:]
        for known in doomed:
            if known.writing is not None:
                known.writing.doom()


class StateCache:
    """The streams used last, at most `capacity` of them, and those with appends on their way."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._streams: OrderedDict[str, CachedStream] = OrderedDict()

    def of(self, stream: Stream[Any]) -> CachedStream:
        """What is known of a stream; unread when that is nothing."""
        cached = self._streams.get(stream.name)
        if cached is None:
            cached = self._streams[stream.name] = CachedStream(stream)
            self._keep_within_capacity()
        else:
            self._streams.move_to_end(stream.name)
        return cached

    def get(self, name: str) -> CachedStream | None:
        """What is known of a stream, where it is of those used last."""
        return self._streams.get(name)

    def forget(self) -> None:
        """Start again from nothing, with every stream; what is on its way is doomed."""
        for cached in self._streams.values():
            cached.forget()

    def _keep_within_capacity(self) -> None:
        # Bounded look: those that are expecting go to the young end, and are few.
        for _ in range(min(8, len(self._streams) - self._capacity)):
            name, cached = self._streams.popitem(last=False)
            if cached.is_expecting:
                self._streams[name] = cached
