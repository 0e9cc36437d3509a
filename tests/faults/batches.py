"""A client that sends many commands over one stream; in the history each is a call of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
from diptych.families.v1 import family_command_service_pb2 as families
from diptych.orders.v1 import order_command_service_pb2 as orders

from tests.faults.client import MOST_PAUSE_SECONDS, Client, base64_of
from tests.faults.refusals import CERTAIN, said, said_in
from tests.faults.traffic import Command

_REQUESTS = {"orders": orders.ExecuteBatchRequest, "families": families.ExecuteBatchRequest}
_DEADLINE_SECONDS = 30.0

# By command id: the number of the call, and what is sent.
_UnderWay = dict[str, tuple[int, Command]]


class Batcher(Client):
    """Sends all commands of a batch until the outcome of each is certain."""

    async def batch(self, commands: Sequence[Command], *, tries: int) -> None:
        """The commands must be of one service."""
        left = list(commands)
        for _ in range(tries):
            left = await self._send_all(left)
            if not left:
                return
            await asyncio.sleep(self._chance.uniform(0.02, MOST_PAUSE_SECONDS))

    async def _send_all(self, commands: Sequence[Command]) -> list[Command]:
        """Those whose outcome nobody knows yet."""
        name, under_way = self.name, _UnderWay()
        unsent = {command.id: command for command in commands}

        async def requests() -> AsyncIterator[Any]:
            for command in commands:
                number = self._history.invoke(
                    name, command.rpc, request=base64_of(command.request), **command.about
                )
                under_way[command.id] = number, unsent.pop(command.id)
                yield _wrapped(command)

        failure: dict[str, Any] = {"code": "CANCELLED", "reason": "the stream ended"}
        unknown: list[Command] = []
        stub = self._chance.choice(self._services.writes)[commands[0].service]
        try:
            async for answer in stub.ExecuteBatch(requests(), timeout=_DEADLINE_SECONDS):
                number, command = under_way.pop(answer.command_id)
                if not self._answered(name, number, command, answer):
                    unknown.append(command)
        except grpc.aio.AioRpcError as error:
            failure = said(error)
        for number, command in under_way.values():
            self._history.complete(number, "info", name, command.rpc, **command.about, **failure)
            unknown.append(command)
        if unknown:
            self._lives += 1
        return [*unknown, *unsent.values()]

    def _answered(self, name: str, number: int, command: Command, answer: Any) -> bool:
        """Note one answer; whether the outcome is certain."""
        if answer.HasField("error"):
            about = said_in(answer.error)
            is_certain = about["code"] in CERTAIN
            kind = "fail" if is_certain else "info"
            self._history.complete(number, kind, name, command.rpc, **command.about, **about)  # type: ignore[arg-type]
            return is_certain
        outcome = getattr(answer, answer.WhichOneof("outcome"))
        receipt = self._receipt(command.service, outcome)
        self._scene.saw(command.stream, outcome.receipt.version)
        self._history.complete(
            number,
            "ok",
            name,
            command.rpc,
            **command.about,
            receipt=receipt,
            response=base64_of(outcome),
            code="OK",
        )
        return True


def _wrapped(command: Command) -> Any:
    request = _REQUESTS[command.service]()
    name = command.request.DESCRIPTOR.name
    [field] = (each.name for each in request.DESCRIPTOR.fields if each.message_type.name == name)
    getattr(request, field).CopyFrom(command.request)
    return request
