"""ExecuteBatch: commands decided in the order sent, committed together, answered in the order sent."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from event_store import Outcome
from service_kit.context import CallContext
from write_service.batch_order import BatchOrder
from write_service.command_handler import CommandHandler
from write_service.decider import Command
from write_service.execution import Execution, begin
from write_service.receipts import Receipts
from write_service.wire import field

# How far a batch is read ahead of its answers.
MOST_COMMANDS = 512
MOST_BYTES = 8 * 1024 * 1024


class BatchShape:
    """Which command each field of a batch's request stands for; its response has a field of the same name."""

    def __init__(self, rpc: MethodDescriptor, commands: Sequence[Command[Any, Any]]) -> None:
        by_type = {command.request.DESCRIPTOR.full_name: command for command in commands}
        fields = rpc.input_type.oneofs_by_name["command"].fields
        self.commands = {each.name: by_type[_type_name(each)] for each in fields}
        self._response: type[Any] = GetMessageClass(rpc.output_type)
        self._numbers = {each.name: rpc.output_type.fields_by_name[each.name].number for each in fields}
        self._command_id = rpc.output_type.fields_by_name["command_id"].number

    def accepted(self, name: str, answer: bytes, command_id: str) -> bytes:
        """The outcome of an accepted command."""
        return field(self._numbers[name], answer) + field(self._command_id, command_id.encode())

    def refused(self, status: Message, command_id: str) -> bytes:
        """The outcome of a refused command."""
        content: bytes = self._response(error=status, command_id=command_id).SerializeToString()
        return content


@dataclass(slots=True, eq=False)
class _Place:
    """A command's place in the batch; `outcome` is its answer, ready to be sent."""

    name: str
    command_id: str
    size: int
    outcome: bytes | None = None
    execution: Execution | None = None
    was_looked_up: bool = False


class Batch:
    """One call of ExecuteBatch.

    Commands are decided one after another and are on their way to the log together; those on the same
    streams follow each other, so they take effect in the order sent or not at all. When one is refused by
    the states at hand, those before it are ended first, then it is executed alone. When one meets somebody
    else's command, it and all that failed with it are decided again, before the next ones are.
    """

    def __init__(
        self, handler: CommandHandler, receipts: Receipts, shape: BatchShape, context: CallContext
    ) -> None:
        self._handler = handler
        self._receipts = receipts
        self._shape = shape
        self._context = context
        self._unsent: deque[_Place] = deque()
        self._undecided: deque[_Place] = deque()
        self._unsent_bytes = 0
        self._is_read = False
        # Whether nothing is being decided, so that a command need not wait for its turn.
        self._is_idle = False
        self._waiting: list[asyncio.Future[None]] = []
        self._order = BatchOrder()
        # How many are on their way to the log, and which of them others were quicker than, in their order.
        self._under_way = 0
        self._failed: list[_Place] = []

    async def answers(self, requests: AsyncIterator[Any]) -> AsyncGenerator[list[bytes], None]:
        """The outcomes in the order of the requests, those together that are there at the same time.

        Raises what reading the requests raised, at the end.
        """
        reading = asyncio.create_task(self._read(requests), name="batch reading")
        deciding = asyncio.create_task(self._decide_all(), name="batch deciding")
        try:
            while ready := await self._ready():
                yield [place.outcome for place in ready if place.outcome is not None]
                for place in ready:
                    self._unsent.popleft()
                    self._unsent_bytes -= place.size
                self._tell()
            await reading
        finally:
            await _cancelled(reading, deciding)

    async def _read(self, requests: AsyncIterator[Any]) -> None:
        try:
            async for request in requests:
                place = self._place(request)
                self._unsent.append(place)
                self._unsent_bytes += place.size
                if place.execution is not None and not self._decide_at_once(place, place.execution):
                    self._undecided.append(place)
                    self._handler.prefetch(place.execution)
                self._tell()
                while len(self._unsent) >= MOST_COMMANDS or self._unsent_bytes >= MOST_BYTES:
                    await self._change()
        finally:
            self._is_read = True
            self._tell()

    def _place(self, request: Any) -> _Place:
        name = request.WhichOneof("command") or ""
        command = getattr(request, name) if name else None
        command_id = command.context.command_id if command is not None else ""
        place = _Place(name, command_id, request.ByteSize())
        try:
            self._context.check(request, command)
            place.execution = begin(
                self._shape.commands[name],
                command,
                self._receipts,
                actor=self._context.actor,
                deadline=self._context.deadline,
            )
        except Exception as error:  # noqa: BLE001 - a command's failure never fails its neighbours
            self._refuse(place, error)
        return place

    async def _decide_all(self) -> None:
        while True:
            if self._order.has_trouble:
                await self._recover()
            elif self._undecided:
                place = self._undecided.popleft()
                if place.outcome is None:
                    await self._decide(place)
            elif self._is_read and not self._under_way:
                return
            else:
                self._is_idle = True
                await self._change()
                self._is_idle = False

    def _decide_at_once(self, place: _Place, execution: Execution) -> bool:
        """Whether the command is begun already: those before it are, and its streams are at hand."""
        if not self._is_idle or self._undecided or self._order.has_trouble:
            return False
        try:
            is_begun = self._handler.begin_at_once(execution, self._order, partial(self._ended, place))
        except Exception as error:  # noqa: BLE001 - a command's failure never fails its neighbours
            self._refuse(place, error)
            return True
        self._under_way += is_begun
        return is_begun

    async def _decide(self, place: _Place) -> None:
        try:
            is_begun = await self._handler.begin(_taken(place), self._order, partial(self._ended, place))
        except Exception as error:  # noqa: BLE001 - a command's failure never fails its neighbours
            self._refuse(place, error)
            return
        if is_begun:
            self._under_way += 1
            return
        await self._all_ended()
        if self._order.has_trouble:
            self._undecided.appendleft(place)
            return
        await self._look_up([place, *self._undecided])
        if place.outcome is None:
            await self._execute(place)

    def _ended(self, place: _Place, outcome: Outcome | Exception) -> None:
        self._under_way -= 1
        try:
            answer = self._handler.answer(_taken(place), outcome)
        except Exception as error:  # noqa: BLE001 - a command's failure never fails its neighbours
            self._refuse(place, error)
        else:
            if answer is not None:
                self._accept(place, answer)
            else:
                self._failed.append(place)
                self._order.note_trouble()
        if not self._under_way:
            self._tell()

    async def _recover(self) -> None:
        """Take up again, in the order sent, what failed because others were quicker."""
        await self._all_ended()
        self._order.begin_again()
        self._undecided.extendleft(reversed(self._failed))
        if self._failed:
            self._failed.clear()
            # Alone, however often others are quicker, so that the batch gets on.
            await self._execute(self._undecided.popleft())

    async def _execute(self, place: _Place) -> None:
        try:
            self._accept(place, await self._handler.execute(_taken(place)))
        except Exception as error:  # noqa: BLE001 - a command's failure never fails its neighbours
            self._refuse(place, error)

    async def _look_up(self, places: Sequence[_Place]) -> None:
        """Answer what was accepted before: a batch sent again is mostly refused by its own effects."""
        places = [place for place in places if not place.was_looked_up]
        await asyncio.gather(*(self._answer_if_stored(place) for place in places))

    async def _answer_if_stored(self, place: _Place) -> None:
        place.was_looked_up = True
        try:
            answer = await self._handler.stored_answer(_taken(place))
        except Exception as error:  # noqa: BLE001 - a command's failure never fails its neighbours
            self._refuse(place, error)
        else:
            if answer is not None:
                self._accept(place, answer)

    def _accept(self, place: _Place, answer: bytes) -> None:
        self._answer(place, self._shape.accepted(place.name, answer, place.command_id))

    def _refuse(self, place: _Place, error: Exception) -> None:
        self._answer(place, self._shape.refused(self._context.status_of(error), place.command_id))

    def _answer(self, place: _Place, outcome: bytes) -> None:
        if place.outcome is None:
            place.outcome = outcome
            if self._unsent and self._unsent[0] is place:
                self._tell()

    async def _all_ended(self) -> None:
        while self._under_way:
            await self._change()

    async def _ready(self) -> Sequence[_Place]:
        """Wait for the next outcomes in the order sent; empty when there will be none."""
        while not (self._unsent and self._unsent[0].outcome is not None):
            if self._is_read and not self._unsent:
                return ()
            await self._change()
        return list(takewhile(lambda place: place.outcome is not None, self._unsent))

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for change in waiting:
            if not change.done():
                change.set_result(None)

    async def _change(self) -> None:
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(change)
        await change


def _type_name(command_field: FieldDescriptor) -> str:
    message: Any = command_field.message_type
    name: str = message.full_name
    return name


def _taken(place: _Place) -> Execution:
    assert place.execution is not None  # noqa: S101 - narrows the type for mypy
    return place.execution


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    """Cancel the tasks and wait until they have ended; the caller's own cancellation comes after that."""
    for task in tasks:
        task.cancel()
    interruption: asyncio.CancelledError | None = None
    while unfinished := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(unfinished)
        except asyncio.CancelledError as error:
            interruption = error
    for task in tasks:
        if not task.cancelled():
            # Looked at, or asyncio would report it as an error that nobody took.
            task.exception()
    if interruption is not None:
        raise interruption
