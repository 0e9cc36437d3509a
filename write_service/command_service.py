"""A domain's command service, made of its commands: one RPC for each, and ExecuteBatch."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor

from service_kit.context import CallContext
from service_kit.methods import snake_case
from write_service.batch import Batch, BatchShape
from write_service.command_handler import CommandHandler
from write_service.decider import Command
from write_service.execution import begin
from write_service.receipts import Receipts


class CommandService:
    """Has a method for each command, named as its RPC; every RPC of the contract must have a command."""

    def __init__(
        self,
        descriptor: ServiceDescriptor,
        commands: Sequence[Command[Any, Any]],
        handler: CommandHandler,
        receipts: Receipts,
    ) -> None:
        self._handler = handler
        self._receipts = receipts
        self._batch = BatchShape(descriptor.methods_by_name["ExecuteBatch"], commands)
        for command in commands:
            setattr(self, snake_case(command.name), self._answering(command))

    async def execute_batch(
        self, requests: AsyncIterator[Any], context: CallContext
    ) -> AsyncGenerator[list[bytes], None]:
        """Answer each command of a stream, in the order sent, with its own outcome."""
        batch = Batch(self._handler, self._receipts, self._batch, context)
        # Closed here and now: what it reads the requests with must have ended before they are closed.
        async with aclosing(batch.answers(requests)) as answers:
            async for answer in answers:
                yield answer

    def _answering(
        self, command: Command[Any, Any]
    ) -> Callable[[Any, CallContext], Coroutine[Any, Any, bytes]]:
        async def answer(request: Any, context: CallContext) -> bytes:
            execution = begin(
                command, request, self._receipts, actor=context.actor, deadline=context.deadline
            )
            return await self._handler.execute(execution)

        return answer
