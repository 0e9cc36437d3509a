"""The write side of the log: append, and read what a decision needs."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from event_store.arrays import TextArray
from event_store.connections import Connections
from event_store.errors import HistoryReplaced, UnregisteredEventType
from event_store.events import (
    Append,
    Appended,
    LoadedStream,
    OthersEvent,
    Outcome,
    StoredCommand,
    StoredEvent,
    StreamEvents,
)
from event_store.grouping import Grouping
from event_store.hints import Announcer
from event_store.history import History
from event_store.others import Others
from event_store.streams import read_streams
from event_store.writer import Writer, stored_commands

LARGEST_GROUP = 512
_Check = tuple[UUID, Sequence[str]]
_Checked = tuple[StoredCommand | None, dict[str, int]]


class EventStore:
    """Appends to the log and reads its streams; needs the writer role.

    Every method raises StoreUnavailable, at once when the database is down, and works again when it is
    back. A caller may be cancelled at any time: an append that was already on its way goes on to its end.
    """

    def __init__(self, url: str, *, reading_connections: int = 4) -> None:
        self._connections = Connections(
            url, name="diptych event store", pooled=reading_connections, statement_seconds=5, lock_seconds=3
        )
        self._history = History()
        self._others = Others(self._connections, self._history)
        self._writer = Writer(self._connections, self._history, self._others)
        self._announcer = Announcer(self._connections)
        self._appends: Grouping[Append, Outcome] = Grouping(self._append_group, largest=LARGEST_GROUP)
        self._checks: Grouping[_Check, _Checked] = Grouping(
            self._check_group, largest=LARGEST_GROUP, runners=2
        )
        self._reads: Grouping[Mapping[str, int], dict[str, StreamEvents]] = Grouping(
            self._read_group, largest=64, runners=2
        )

    async def open(self) -> None:
        """Nothing to wait for: connections are made when they are needed, so the database may come later."""

    async def close(self) -> None:
        """Finishes what is on its way and closes all connections."""
        for grouping in (self._appends, self._checks, self._reads):
            await grouping.finish()
        await self._others.close()
        await self._announcer.close()
        await self._writer.close()
        await self._connections.close()

    def when_replaced(self, listener: Callable[[], None]) -> None:
        """Have this called as soon as the log turns out to be another history than was seen so far.

        Whatever is known of streams is worth nothing then. What was handed over before that and is not sent
        yet is refused with HistoryReplaced, as are reads that were under way.
        """
        self._history.when_replaced(listener)

    def follow_others(self, listener: Callable[[Sequence[OthersEvent]], None]) -> None:
        """Have this called with what other processes appended between two groups of this one, soon after.

        A hint: it is not called with everything, nor with anything while this process appends nothing.
        """
        self._others.follow(listener)

    @property
    def histories(self) -> int:
        """How many histories of the log have come to their end before the eyes of this process."""
        return self._history.number

    async def append(self, append: Append) -> Outcome:
        """Appends one command's events; waiting commands share a transaction, each with its own outcome.

        When it returns Appended, the events are durable. Raises StoreUnavailable, LogFull,
        CommitOutcomeUnknown or UnregisteredEventType.
        """
        return await self.submit(append)

    def submit(self, append: Append) -> asyncio.Future[Outcome]:
        """Takes an append over at once, in the order of the calls; the future is its outcome.

        Raises UnregisteredEventType; the future may hold the other errors of `append`.
        """
        self._accept(append)
        return self._appends.submit(append)

    def hand_over(self, append: Append, told: Callable[[Outcome | Exception], None]) -> None:
        """As `submit`; `told` is called with the outcome, or the error, in the turn in which its group ended.

        An append that was handed over can't be given up.
        """
        self._accept(append)
        self._appends.hand_over(append, told)

    async def check(self, command_id: UUID, streams: Sequence[str]) -> _Checked:
        """The stored command, if there is one, and the current versions of `streams`, at one moment."""
        return await self._checks.call((command_id, streams))

    async def read_streams(self, after: Mapping[str, int]) -> dict[str, StreamEvents]:
        """The events of each stream after the given version."""
        return await self._reads.call(after)

    async def load_streams(
        self, after: Mapping[str, int], state_hashes: Mapping[str, bytes]
    ) -> dict[str, LoadedStream]:
        """The events of each stream after the given version, or after its snapshot.

        A snapshot counts where it is of a higher version and its state has the shape given for the stream.
        """
        return await read_streams(self._connections, self._history, after, state_hashes)

    async def read_stream(
        self, stream: str, *, after_version: int = 0, limit: int | None = None, backwards: bool = False
    ) -> list[StoredEvent]:
        """The events of a stream with a higher version, oldest first.

        Backwards: those with a lower version, newest first, where 0 means from the stream's end.
        """
        name = "read_stream_backwards" if backwards else "read_stream"
        rows = await self._connections.fetch(name, (stream, after_version, limit))
        return [StoredEvent._make(row) for row in rows]

    async def save_snapshot(self, stream: str, version: int, state_hash: bytes, state: bytes) -> None:
        """Keeps a snapshot, unless one of the same shape and a higher version is there."""
        known = self._history.known().parameters
        await self._connections.fetch("save_snapshot", (stream, version, state_hash, state, *known))

    async def register_event_types(self, names: Sequence[str], descriptor_set: bytes) -> None:
        """Makes full protobuf names known, with the serialised FileDescriptorSet that explains them."""
        rows = await self._connections.fetch("register_event_types", (TextArray.of(names), descriptor_set))
        self._writer.type_ids.update(rows)

    async def announce(self) -> None:
        """Hints to followers that the log may have grown; appends do this by themselves."""
        self._announcer.announce()

    def _accept(self, append: Append) -> None:
        for event in append.events:
            if event.type not in self._writer.type_ids:
                raise UnregisteredEventType(f"{event.type} is not registered")
        append.attempt.history = self._history.number

    async def _append_group(self, appends: Sequence[Append]) -> Sequence[Outcome | Exception]:
        history = self._history.number
        current = [append for append in appends if append.attempt.history == history]
        answers = iter(await self._writer.append(current) if current else ())
        outcomes: list[Outcome | Exception] = [
            next(answers)
            if append.attempt.history == history
            else HistoryReplaced("decided on another history of the log")
            for append in appends
        ]
        if any(isinstance(outcome, Appended) for outcome in outcomes):
            self._announcer.announce(is_for_one=len(outcomes) == 1)
        return outcomes

    async def _check_group(self, checks: Sequence[_Check]) -> Sequence[_Checked]:
        names = list(dict.fromkeys([name for _, streams in checks for name in streams]))
        commands, versions = await stored_commands(
            self._connections, self._history, [check[0] for check in checks], names
        )
        return [
            (commands.get(command), {name: versions[name] for name in streams}) for command, streams in checks
        ]

    async def _read_group(self, asked: Sequence[Mapping[str, int]]) -> Sequence[dict[str, StreamEvents]]:
        lowest: dict[str, int] = {}
        for after in asked:
            for stream, version in after.items():
                lowest[stream] = min(version, lowest.get(stream, version))
        found = await read_streams(self._connections, self._history, lowest, {})
        return [
            {name: found[name].events.part(version - lowest[name]) for name, version in after.items()}
            for after in asked
        ]
