"""The one path of every command: load, decide, append, answer; and again when others were quicker."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

from event_store import (
    Appended,
    Duplicate,
    EventStore,
    Outcome,
    PredecessorFailed,
    StoredCommand,
    WrongVersion,
)
from write_service.batch_order import BatchOrder
from write_service.decider import CommandRejected, Decider
from write_service.decisions import Decisions, Reads, Then
from write_service.execution import Execution
from write_service.metrics import accepted_commands
from write_service.receipts import Receipts
from write_service.refusals import CommandIdReused, ConcurrentUpdate, WrongExpectedVersion

CACHED_STREAMS = 100_000
_LONGEST_PAUSE_SECONDS = 0.05


class CommandHandler:
    """Executes commands: each is accepted whole and once, or refused for a reason that the log justifies."""

    def __init__(
        self,
        store: EventStore,
        deciders: Sequence[Decider[Any]],
        receipts: Receipts,
        *,
        cached_streams: int = CACHED_STREAMS,
    ) -> None:
        self._store = store
        self._receipts = receipts
        self._decisions = Decisions(store, deciders, cached_streams=cached_streams)
        self._accepted = accepted_commands()
        # By the number of the command id, those who wait for that command.
        self._under_way: dict[int, list[asyncio.Future[None]]] = {}

    async def close(self) -> None:
        """Finish what runs in the background."""
        await self._decisions.close()

    async def execute(self, execution: Execution) -> bytes:
        """The response of an accepted command; raises why it is refused.

        A caller that goes away leaves a command that was not yet handed to the log without effect, and
        one that was goes on to its end.
        """
        # Several may have waited for the first, and take their turns when it was refused.
        while (waiting := self._under_way.get(execution.command_id.int)) is not None:
            waiting.append(first := asyncio.get_running_loop().create_future())
            await first
            answer = await self.stored_answer(execution)
            if answer is not None:
                return answer
        self._enter(execution)
        try:
            return await self._until_answered(execution)
        finally:
            self._leave(execution)

    async def begin(self, execution: Execution, order: BatchOrder, then: Then) -> bool:
        """Decide a command of a batch and hand it to the log; `answer` tells what the outcome means.

        False when the states at hand refuse it, the same command is under way, or its turn has passed while
        its streams were loaded: then execute it when those before it have ended.
        """
        return self._begin(execution, await self._decisions.load(execution), order, then)

    def begin_at_once(self, execution: Execution, order: BatchOrder, then: Then) -> bool:
        """As `begin`; False also when one of its streams would have to be loaded."""
        reads = self._decisions.at_hand(execution)
        return reads is not None and self._begin(execution, reads, order, then)

    def answer(self, execution: Execution, outcome: Outcome | Exception) -> bytes | None:
        """The response of an accepted command; None when others were quicker: then execute it again.

        Raises CommandIdReused, and the outcome where that is an error.
        """
        match outcome:
            case Appended(stored=stored):
                self._accepted.inc()
                return self._receipts.answer(stored, replayed=False)
            case Duplicate(stored=stored):
                return self._replay(execution, stored)
            case WrongVersion() | PredecessorFailed():
                return None
            case Exception():
                raise outcome

    async def stored_answer(self, execution: Execution) -> bytes | None:
        """The answer that the command had when it was accepted before."""
        stored, _ = await self._store.check(execution.command_id, ())
        return None if stored is None else self._replay(execution, stored)

    def prefetch(self, execution: Execution) -> None:
        """Begin to load what a command will read."""
        self._decisions.prefetch(execution)

    async def _until_answered(self, execution: Execution) -> bytes:
        conflicts = 0
        while True:
            reads = await self._decisions.load(execution)
            try:
                writing = self._decisions.start(execution, reads)
            except (CommandRejected, WrongExpectedVersion):
                stored = await self._decisions.is_true(execution, reads)
                if stored is not None:
                    return self._replay(execution, stored)
            else:
                # The caller may go away, but what is handed to the log goes on to its end.
                answer = self.answer(execution, await writing.ended())
                if answer is not None:
                    return answer
            conflicts += 1
            if time.monotonic() >= execution.give_up_at:
                return await self._last_look(execution)
            await _pause(conflicts)

    async def _last_look(self, execution: Execution) -> bytes:
        """The answer that the command had; raises ConcurrentUpdate when it had none.

        What follows a failed append never comes to the log, so no attempt need have asked for it.
        """
        answer = await self.stored_answer(execution)
        if answer is None:
            raise ConcurrentUpdate(execution.main.name)
        return answer

    def _replay(self, execution: Execution, stored: StoredCommand) -> bytes:
        if stored.fingerprint != execution.fingerprint:
            raise CommandIdReused(execution.command_id)
        return self._receipts.answer(stored, replayed=True)

    def _begin(self, execution: Execution, reads: Reads, order: BatchOrder, then: Then) -> bool:
        if execution.command_id.int in self._under_way or order.has_trouble:
            return False

        def ended(outcome: Outcome | Exception) -> None:
            self._leave(execution)
            then(outcome)

        try:
            self._decisions.start(execution, reads, order, ended)
        except (CommandRejected, WrongExpectedVersion):
            return False
        self._enter(execution)
        return True

    def _enter(self, execution: Execution) -> None:
        self._under_way[execution.command_id.int] = []

    def _leave(self, execution: Execution) -> None:
        for waiting in self._under_way.pop(execution.command_id.int):
            if not waiting.done():
                waiting.set_result(None)


async def _pause(conflicts: int) -> None:
    """Let others go first for a random moment."""
    if conflicts > 1:
        longest = min(0.001 * 2**conflicts, _LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - no secret
