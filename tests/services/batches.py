"""ExecuteBatch as a caller uses it: commands in, outcomes out, in the order sent."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.services.kit_service import all_of
from tests.services.write_services import Caller


def item(command: Any) -> commands.ExecuteBatchRequest:
    """A command as one message of a batch."""
    name = type(command).__name__.removesuffix("Request")
    field = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
    return commands.ExecuteBatchRequest(**{field: command})


async def batch(caller: Caller, sent: Iterable[Any]) -> list[Any]:
    """The outcomes of commands, or of messages that hold one; checked to come in the order sent."""
    items = [each if isinstance(each, commands.ExecuteBatchRequest) else item(each) for each in sent]
    answers = await all_of(caller.orders.ExecuteBatch(iter(items)))
    ids = [_command(each).context.command_id for each in items]
    assert [answer.command_id for answer in answers] == ids
    return answers


async def batch_as_it_comes(caller: Caller, sent: AsyncIterator[Any]) -> list[Any]:
    """The outcomes of commands that are sent one by one, when the iterator gives them."""

    async def items() -> AsyncIterator[commands.ExecuteBatchRequest]:
        async for each in sent:
            yield item(each)

    return await all_of(caller.orders.ExecuteBatch(items()))


def reason(answer: Any) -> str:
    """Why a command was refused; empty when it was not."""
    for detail in answer.error.details:
        if detail.type_url.endswith("ErrorInfo"):
            return str(detail.value.decode("utf-8", "replace").split("\x12", 1)[0][2:])
    return ""


def _command(message: commands.ExecuteBatchRequest) -> Any:
    return getattr(message, message.WhichOneof("command") or "")
