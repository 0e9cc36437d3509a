"""Sends commands over several batch streams, many in flight, and repeats what was not answered."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio
from google.rpc import code_pb2  # type: ignore[import-untyped] # ships no types

from command_line.importing.batches import OpenBatch
from command_line.importing.planned import Answer, Command
from service_kit.channels import open_aio_channel

# Called with each answer; the flag says that the command had been sent more than once in this run.
OnAnswer = Callable[[Command, Answer, bool], None]

_SILENCE_SECONDS = 30
_FIRST_PATIENCE_SECONDS = 5.0
_TRANSIENT_STATUS = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        # What the client library makes of a write that meets a stream just broken.
        grpc.StatusCode.INTERNAL,
    }
)
_TRANSIENT_CODE = frozenset(
    {code_pb2.UNAVAILABLE, code_pb2.RESOURCE_EXHAUSTED, code_pb2.ABORTED, code_pb2.DEADLINE_EXCEEDED}
)


class SendingStopped(Exception):
    """The write service does not take commands; running again goes on from here."""


class _Interrupted(Exception):
    """The stream can't go on, but its unanswered commands can be repeated on another one."""


class Sender:
    """Sends groups of commands to one write service; what a group holds takes effect in its order."""

    def __init__(
        self,
        open_batch: OpenBatch,
        address: str,
        on_answer: OnAnswer,
        *,
        streams: int = 4,
        in_flight: int = 256,
        patience_seconds: float = 60,
    ) -> None:
        self._open_batch = open_batch
        self._address = address
        # Streams on one connection share its buffers, so a connection for each.
        self._channels = [
            open_aio_channel(address, [("grpc.use_local_subchannel_pool", 1)]) for _ in range(streams)
        ]
        self._on_answer = on_answer
        self._in_flight = in_flight
        self._patience_seconds = patience_seconds
        self._was_answered = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for channel in self._channels:
            await channel.close()

    async def send(self, groups: Iterable[Sequence[Command]]) -> None:
        """Return when every command is answered. Raises SendingStopped."""
        # The streams take groups from the one iterator whenever they have room, so none falls behind.
        shared = iter(groups)
        lanes = [
            _Lane(partial(self._open_batch, channel), shared, self._on_answer, self._in_flight)
            for channel in self._channels
        ]
        tasks = [asyncio.create_task(self._drive(lane)) for lane in lanes]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._was_answered = True

    def _patience(self) -> float:
        # One that never answered is more likely not started than restarting.
        return (
            self._patience_seconds
            if self._was_answered
            else min(_FIRST_PATIENCE_SECONDS, self._patience_seconds)
        )

    async def _drive(self, lane: "_Lane") -> None:
        loop = asyncio.get_running_loop()
        pause_seconds, seen, since = 0.05, lane.answered, loop.time()
        while True:
            try:
                return await lane.run()
            except _Interrupted as interruption:
                if lane.answered > seen:
                    pause_seconds, seen, since = 0.05, lane.answered, loop.time()
                    self._was_answered = True
                elif loop.time() - since > self._patience():
                    raise SendingStopped(
                        f"the write service at {self._address} took nothing for "
                        f"{self._patience():.0f} seconds: {interruption}"
                    ) from interruption
                # Spread out, so that streams broken together do not come back together.
                await asyncio.sleep(pause_seconds * random.uniform(0.5, 1))  # noqa: S311 - spreads load
                pause_seconds = min(2 * pause_seconds, 2.0)


class _Lane:
    """One stream at a time, and the commands that it owes an answer for."""

    def __init__(
        self,
        open_batch: "Callable[[], grpc.aio.StreamStreamCall[Any, Any]]",
        groups: Iterator[Sequence[Command]],
        on_answer: OnAnswer,
        in_flight: int,
    ) -> None:
        self._open_batch = open_batch
        self._groups = groups
        self._on_answer = on_answer
        self._room = asyncio.Semaphore(in_flight)
        self._in_flight = in_flight
        self._unsent: deque[Command] = deque()
        self._unanswered: deque[Command] = deque()
        self._repeats = 0
        self.answered = 0

    async def run(self) -> None:
        """Send on a new stream, what is unanswered first; raises _Interrupted when it breaks."""
        self._repeats = max(self._repeats, len(self._unanswered))
        self._unsent.extendleft(reversed(self._unanswered))
        self._unanswered.clear()
        self._room = asyncio.Semaphore(self._in_flight)
        if self._next() is None:
            return
        call = self._open_batch()
        reader, writer = asyncio.create_task(self._read(call)), asyncio.create_task(self._write(call))
        try:
            await self._watch(reader, writer)
            if self._unanswered or self._unsent or not writer.done():
                raise _Interrupted("the stream ended before all its commands were answered")
        except grpc.aio.AioRpcError as error:
            if error.code() in _TRANSIENT_STATUS:
                raise _Interrupted(f"{error.code().name} {error.details()}") from error
            raise SendingStopped(f"the batch was refused: {error.code().name} {error.details()}") from error
        finally:
            call.cancel()
            for task in (reader, writer):
                task.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)

    async def _watch(self, reader: asyncio.Task[None], writer: asyncio.Task[None]) -> None:
        """Wait for the stream's end; raises what either task raised, and _Interrupted on a long silence."""
        while not reader.done():
            answered = self.answered
            running = {task for task in (reader, writer) if not task.done()}
            await asyncio.wait(running, timeout=_SILENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if writer.done():
                writer.result()
            if self._unanswered and self.answered == answered and not reader.done() and not writer.done():
                raise _Interrupted(f"no answer for {_SILENCE_SECONDS} seconds")
        reader.result()

    async def _write(self, call: "grpc.aio.StreamStreamCall[Any, Any]") -> None:
        try:
            while command := self._next():
                await self._room.acquire()
                self._unanswered.append(self._unsent.popleft())
                await call.write(command.request)
            await call.done_writing()
        except (grpc.aio.AioRpcError, grpc.aio.InternalError, asyncio.InvalidStateError):
            # The call has ended: the reader is told why.
            return

    def _next(self) -> Command | None:
        while not self._unsent:
            group = next(self._groups, None)
            if group is None:
                return None
            self._unsent.extend(group)
        return self._unsent[0]

    async def _read(self, call: "grpc.aio.StreamStreamCall[Any, Any]") -> None:
        async for answer in call:
            command = self._unanswered[0]
            if answer.command_id != command.command_id:
                raise SendingStopped(
                    f"expected the answer to {command.command_id}, found {answer.command_id}"
                )
            if answer.error.code in _TRANSIENT_CODE:
                # What follows may have been refused only because of this one, so all of it is repeated.
                raise _Interrupted(answer.error.message)
            self._unanswered.popleft()
            self._room.release()
            is_repeat = self._repeats > 0
            self._repeats = max(0, self._repeats - 1)
            self.answered += 1
            self._on_answer(command, answer, is_repeat)
