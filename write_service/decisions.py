"""One attempt at a command: decide on what is known, append, and learn what became of it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from google.protobuf.message import Message

from event_store import (
    Append,
    Appended,
    Attempt,
    CommitOutcomeUnknown,
    EventStore,
    NewEvent,
    OthersEvent,
    Outcome,
    StoredCommand,
    StreamEvents,
    StreamRead,
    WrongVersion,
)
from write_service.batch_order import BatchOrder
from write_service.decider import Decider, Decision
from write_service.execution import Execution
from write_service.snapshots import Snapshots
from write_service.state_cache import CachedStream, Known, StateCache, Writing
from write_service.state_loader import StateLoader

# What a decision is made on: each stream read, and what was known of it then. The main stream is first.
Reads = Mapping[str, tuple[CachedStream, Known]]
# Called with what became of an attempt.
Then = Callable[[Outcome | Exception], None]


class Decisions:
    """Decides commands on the states that the commands before them will make, before these are in the log.

    An append follows those that it rests on, and fails with them: the log compares version numbers, and
    the version that one of them was to write may have been written by another process since.
    """

    def __init__(self, store: EventStore, deciders: Sequence[Decider[Any]], *, cached_streams: int) -> None:
        self._store = store
        self._snapshots = Snapshots(store, deciders)
        self._cache = StateCache(cached_streams)
        self._loader = StateLoader(store, self._snapshots, deciders)
        store.when_replaced(self._forget)
        store.follow_others(self._follow)

    async def close(self) -> None:
        """Finish what runs in the background."""
        await self._snapshots.close()

    def at_hand(self, execution: Execution) -> Reads | None:
        """Everything that the command reads, where nothing of it has to be loaded."""
        main = self._cache.of(execution.main)
        if main.must_be_read(may_be_absent=bool(execution.command.creates)):
            return None
        others = execution.other_reads(main.latest.state)
        if not others:
            return {main.stream.name: (main, main.latest)}
        cached = [main, *map(self._cache.of, others)]
        if self._missing(execution, cached):
            return None
        return {each.stream.name: (each, each.latest) for each in cached}

    def prefetch(self, execution: Execution) -> None:
        """Begin to load what the command is known to read."""
        if missing := self._missing(execution, [self._cache.of(execution.main)]):
            self._loader.request(missing)

    async def load(self, execution: Execution) -> Reads:
        """Everything that the command reads. Nothing is awaited after the last look at it."""
        while True:
            if (at_hand := self.at_hand(execution)) is not None:
                return at_hand
            history = self._store.histories
            reads = await self._load(execution)
            if self._store.histories == history:
                return reads

    async def _load(self, execution: Execution) -> Reads:
        main = self._cache.of(execution.main)
        # Held here too: a command may read more streams than there is room for.
        held = {main.stream.name: main}
        while True:
            if missing := self._missing(execution, [main]):
                await self._loader.load(missing)
            # The state of the main stream may name further streams, such as the products of an order.
            streams = execution.reads(main.latest.state)
            for stream in streams:
                if stream.name not in held:
                    held[stream.name] = self._cache.of(stream)
            cached = [held[stream.name] for stream in streams]
            # Where it reads nothing more, everything was looked at above, and nothing awaited since.
            if missing or len(cached) > 1:
                missing = self._missing(execution, cached)
            if not missing:
                return {each.stream.name: (each, each.latest) for each in cached}
            await self._loader.load(missing)

    def start(
        self, execution: Execution, reads: Reads, order: BatchOrder | None = None, then: Then | None = None
    ) -> Writing:
        """Decide, and hand the events to the log; raises CommandRejected or WrongExpectedVersion.

        Nothing is awaited, so that the next command is decided on what this one makes. `order` is that of
        the batch which the command belongs to. `then` is called with the outcome, after it was taken note of.
        """
        decision = execution.decide(
            reads[execution.main.name][1].version, {name: known.state for name, (_, known) in reads.items()}
        )
        written = _written(execution, reads, decision)
        response = execution.command.respond(written[execution.main.name].state, decision[0][1])
        append = _append_of(execution, reads, decision, response, _follows(reads, written, order))
        writing = Writing(append.attempt, order.note_trouble if order else None)
        self._store.hand_over(append, partial(self._ended, writing, reads, written, then))
        for name, known in written.items():
            known.writing = writing
            reads[name][0].expect(known)
        if order is not None:
            order.add(append.attempt, reads, written)
        return writing

    async def is_true(self, execution: Execution, reads: Reads) -> StoredCommand | None:
        """Find out what a refusal is worth that was decided on these states.

        Answers the stored command when it was accepted before. Raises the refusal that the log justifies,
        at a moment after this call. Answers None when the log justifies none: decide again.
        """
        history = self._store.histories
        await _wait_for_writers(reads)
        stored, versions = await self._store.check(execution.command_id, list(reads))
        if stored is not None:
            return stored
        if self._store.histories != history:
            return None
        if any(known.writing is not None for _, known in reads.values()):
            # What it was decided on never came to be.
            return None
        moved = {name: known.version for name, (_, known) in reads.items() if versions[name] != known.version}
        if any(versions[name] < version for name, version in moved.items()):
            for name in moved:
                reads[name][0].forget()
            return None
        await self._decide_at(execution, reads, versions, moved)
        for name in moved:
            reads[name][0].saw(versions[name])
        return None

    async def _decide_at(
        self, execution: Execution, reads: Reads, versions: Mapping[str, int], moved: Mapping[str, int]
    ) -> None:
        """Raises the refusal of the command by the states at these versions, which stood at one moment."""
        states = {name: known.state for name, (_, known) in reads.items()}
        history = self._store.histories
        found = await self._store.read_streams(moved) if moved else {}
        if self._store.histories != history:
            return
        for name, events in found.items():
            cached, known = reads[name]
            until = versions[name] - known.version
            states[name] = self._loader.fold(known.state, cached.stream.decider, events.part(0, until))
        main = execution.main.name
        if all(stream.name in states for stream in execution.reads(states[main])):
            execution.decide(versions[main], states)

    def _forget(self) -> None:
        """The log was replaced: nothing that was known of streams need be true any more."""
        self._cache.forget()
        self._snapshots.forget()

    def _follow(self, events: Sequence[OthersEvent]) -> None:
        """Other processes wrote to streams that are known here: what was decided on them would be refused."""
        for event in events:
            cached = self._cache.get(event.stream)
            if cached is not None and not cached.is_unread and event.version == cached.confirmed.version + 1:
                one = StreamEvents(types=(event.type,), payloads=(event.payload,))
                state = self._loader.fold(cached.confirmed.state, cached.stream.decider, one)
                cached.follow(event.version, state, event.command_id)

    def _missing(self, execution: Execution, streams: Sequence[CachedStream]) -> list[CachedStream]:
        begins = bool(execution.command.creates)
        return [
            cached
            for cached in streams
            if cached.must_be_read(may_be_absent=begins and cached.stream.name == execution.main.name)
        ]

    def _ended(
        self,
        writing: Writing,
        reads: Reads,
        written: Mapping[str, Known],
        then: Then | None,
        outcome: Outcome | Exception,
    ) -> None:
        self._settle(reads, written, outcome)
        writing.end(outcome)
        if then is not None:
            then(outcome)

    def _settle(self, reads: Reads, written: Mapping[str, Known], outcome: Outcome | Exception) -> None:
        if isinstance(outcome, Appended) and not outcome.is_found:
            for name, known in written.items():
                cached = reads[name][0]
                cached.confirm(known)
                self._snapshots.keep(cached)
            return
        for name, known in written.items():
            reads[name][0].give_up(known)
        if isinstance(outcome, Appended | CommitOutcomeUnknown):
            for name in written:
                reads[name][0].is_unread = True
        if isinstance(outcome, WrongVersion):
            cached, known = reads[outcome.stream]
            if known.writing is None and outcome.actual <= known.version:
                cached.forget()
            cached.saw(outcome.actual)


def _written(execution: Execution, reads: Reads, decision: Decision) -> dict[str, Known]:
    """The states that the events make, by stream."""
    written: dict[str, Known] = {}
    for stream, event in decision:
        name = stream.name
        before = written.get(name) or reads[name][1]
        state = stream.decider.evolve(before.state, event)
        written[name] = Known(before.version + 1, state, execution.command_id, None)
    return written


def _follows(reads: Reads, written: Mapping[str, Known], order: BatchOrder | None) -> tuple[Attempt, ...]:
    """What was decided on and is not in the log yet, and what must come first in the batch."""
    attempts = [known.writing.attempt for _, known in reads.values() if known.writing is not None]
    if order is not None:
        attempts += order.readers(written)
    return tuple(dict.fromkeys(attempts)) if attempts else ()


def _append_of(
    execution: Execution,
    reads: Reads,
    decision: Decision,
    response: Message,
    follows: tuple[Attempt, ...],
) -> Append:
    return Append(
        command_id=execution.command_id,
        fingerprint=execution.fingerprint,
        response=response.SerializeToString(),
        stream=execution.main.name,
        reads=tuple([StreamRead(name, known.version) for name, (_, known) in reads.items()]),
        events=tuple(
            [
                NewEvent(
                    stream.name,
                    stream.decider.category,
                    event.DESCRIPTOR.full_name,
                    event.SerializeToString(),
                )
                for stream, event in decision
            ]
        ),
        actor=execution.actor,
        correlation_id=execution.correlation_id,
        causation_id=execution.causation_id,
        follows=follows,
    )


async def _wait_for_writers(reads: Reads) -> None:
    for writing in [known.writing for _, known in reads.values()]:
        if writing is not None:
            await writing.ended()
