"""The sender repeats what was not answered, in the order that each group asks for."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import grpc
import grpc.aio
import pytest
from diptych.orders.v1 import order_command_service_pb2 as commands
from google.rpc import code_pb2  # type: ignore[import-untyped] # ships no types

from command_line.importing import planned
from command_line.importing import sender as sender_module
from command_line.importing.batches import orders_batch
from command_line.importing.kinds import OrderKind
from command_line.importing.planned import Command, command_context
from command_line.importing.sender import Sender, SendingStopped
from tests.waiting import DEADLINE_SECONDS

Answer = commands.ExecuteBatchResponse
# What the server does on the n-th command that reaches it, counted over all streams.
Fault = Callable[[int], str]


class ScriptedServer:
    """Accepts a command once, if the one before it in its group was, and breaks where the script says."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._seen = 0
        self.accepted: list[str] = []

    async def execute_batch(
        self,
        request_iterator: AsyncIterator[commands.ExecuteBatchRequest],
        context: "grpc.aio.ServicerContext[commands.ExecuteBatchRequest, Answer]",
    ) -> AsyncIterator[Answer]:
        async for request in request_iterator:
            self._seen += 1
            command_id = request.receive_stock.context.command_id
            answer = Answer(command_id=command_id)
            match self._fault(self._seen):
                case "abort before":
                    await context.abort(grpc.StatusCode.UNAVAILABLE, "going down")
                case "abort after":
                    self._accept(command_id)
                    await context.abort(grpc.StatusCode.UNAVAILABLE, "went down")
                case "end":
                    return
                case "overloaded":
                    answer.error.code = code_pb2.RESOURCE_EXHAUSTED
                case "denied":
                    await context.abort(grpc.StatusCode.PERMISSION_DENIED, "not you")
                case "answer another":
                    answer.command_id = "another"
                case _:
                    self._answer(answer)
            yield answer

    def _answer(self, answer: Answer) -> None:
        before = BEFORE.get(answer.command_id)
        if before is not None and before not in self.accepted:
            answer.error.code = code_pb2.NOT_FOUND
        else:
            answer.receive_stock.receipt.replayed = not self._accept(answer.command_id)

    def _accept(self, command_id: str) -> bool:
        if command_id in self.accepted:
            return False
        self.accepted.append(command_id)
        return True


@asynccontextmanager
async def _serving(fault: Fault) -> AsyncIterator[tuple[ScriptedServer, str]]:
    server, scripted = grpc.aio.server(), ScriptedServer(fault)
    handler = grpc.stream_stream_rpc_method_handler(
        scripted.execute_batch,
        request_deserializer=commands.ExecuteBatchRequest.FromString,
        response_serializer=Answer.SerializeToString,
    )
    service = commands.DESCRIPTOR.services_by_name["OrderCommandService"].full_name
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"ExecuteBatch": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield scripted, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


def _group(number: int, size: int = 4) -> list[Command]:
    group = []
    for step in range(size):
        context = command_context(f"group {number} step {step}", "")
        request = commands.ExecuteBatchRequest(receive_stock=commands.ReceiveStockRequest(context=context))
        group.append(
            Command(kind=OrderKind.STOCK, request=request, command_id=context.command_id, subject=f"{number}")
        )
    return group


async def _sent(
    fault: Fault,
    groups: Sequence[Sequence[Command]],
    *,
    streams: int = 1,
    in_flight: int = 16,
    patience_seconds: float = DEADLINE_SECONDS,
    may_refuse: bool = False,
) -> tuple[list[str], list[Command], int]:
    """The command ids in the order accepted, the commands answered, and how many were repeats."""
    answered: list[Command] = []
    repeats: Counter[bool] = Counter()

    def note(command: Command, answer: planned.Answer, is_repeat: bool) -> None:
        assert may_refuse or not answer.HasField("error")
        answered.append(command)
        repeats[is_repeat] += 1

    async with (
        _serving(fault) as (server, address),
        Sender(
            orders_batch,
            address,
            note,
            streams=streams,
            in_flight=in_flight,
            patience_seconds=patience_seconds,
        ) as sender,
    ):
        await sender.send(iter(groups))
    return server.accepted, answered, repeats[True]


def _lost_or_moved(accepted: Iterable[str], groups: Sequence[Sequence[Command]]) -> list[str]:
    """Commands that were not accepted, and groups whose commands were accepted in another order."""
    place = {command_id: number for number, command_id in enumerate(accepted)}
    found = [command.subject for group in groups for command in group if command.command_id not in place]
    for group in groups:
        places = [place.get(command.command_id, -1) for command in group]
        if places != sorted(places):
            found.append(f"order of {group[0].subject}")
    return found


GROUPS = [_group(number) for number in range(50)]
ALL = [command for group in GROUPS for command in group]
# An order is placed before it is approved: each command of a group needs the one before it.
BEFORE = {later.command_id: earlier.command_id for group in GROUPS for earlier, later in pairwise(group)}


@pytest.mark.parametrize("streams", [1, 3])
async def test_every_command_is_answered_once_and_each_group_in_its_order(streams: int) -> None:
    accepted, answered, repeats = await _sent(lambda _: "", GROUPS, streams=streams)
    assert _lost_or_moved(accepted, GROUPS) == []
    assert sorted(command.command_id for command in answered) == sorted(c.command_id for c in ALL)
    assert repeats == 0


@pytest.mark.parametrize("fault", ["abort before", "abort after", "end", "overloaded"])
@pytest.mark.parametrize("streams", [1, 3])
async def test_what_a_break_left_unanswered_is_repeated_in_order(fault: str, streams: int) -> None:
    accepted, answered, _ = await _sent(
        lambda seen: fault if seen % 37 == 0 else "", GROUPS, streams=streams, in_flight=8
    )
    assert _lost_or_moved(accepted, GROUPS) == []
    assert len(answered) == len(ALL)


async def test_repeats_are_told_apart() -> None:
    _, _, repeats = await _sent(lambda seen: "abort after" if seen == 10 else "", GROUPS)
    assert 1 <= repeats <= 16


async def test_the_check_finds_commands_that_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forget_unanswered(lane: sender_module._Lane) -> None:
        lane._unanswered.clear()
        await run(lane)

    run = sender_module._Lane.run
    monkeypatch.setattr(sender_module._Lane, "run", forget_unanswered)
    # How many of the group's other commands are forgotten too is left to chance; those not are refused.
    accepted, _, _ = await _sent(lambda seen: "abort before" if seen == 37 else "", GROUPS, may_refuse=True)
    assert _lost_or_moved(accepted, GROUPS) != []


async def test_a_service_that_stays_away_stops_the_sending() -> None:
    with pytest.raises(SendingStopped, match="took nothing for 1 seconds"):
        await _sent(lambda _: "abort before", GROUPS, patience_seconds=1)


@pytest.mark.parametrize("groups", [GROUPS[:1], GROUPS])
async def test_a_service_that_is_not_there_stops_the_sending(groups: Sequence[Sequence[Command]]) -> None:
    sending = Sender(orders_batch, "127.0.0.1:1", lambda *_: None, streams=4, patience_seconds=0.2)
    async with sending as sender:
        with pytest.raises(SendingStopped, match="took nothing"):
            await sender.send(groups)


@pytest.mark.parametrize(
    ("fault", "message"), [("denied", "PERMISSION_DENIED"), ("answer another", "another")]
)
async def test_what_can_not_be_repeated_stops_the_sending(fault: str, message: str) -> None:
    with pytest.raises(SendingStopped, match=message):
        await _sent(lambda seen: fault if seen >= 8 else "", GROUPS[:2])


async def test_groups_are_made_only_when_there_is_room() -> None:
    made = 0
    arrived = asyncio.Event()

    def counted() -> Iterable[Sequence[Command]]:
        nonlocal made
        for group in GROUPS:
            made += 1
            yield group

    def hold(seen: int) -> str:
        arrived.set()
        return "abort before"

    async with (
        _serving(hold) as (_, address),
        Sender(
            orders_batch, address, lambda *_: None, streams=1, in_flight=8, patience_seconds=0.2
        ) as sender,
    ):
        with pytest.raises(SendingStopped):
            await sender.send(counted())
    assert arrived.is_set()
    assert made <= 3


async def test_an_error_while_groups_are_made_is_raised() -> None:
    def broken() -> Iterable[Sequence[Command]]:
        yield GROUPS[0]
        raise ValueError("the file ends here")

    async with (
        _serving(lambda _: "") as (_, address),
        Sender(orders_batch, address, lambda *_: None, streams=2) as sender,
    ):
        with pytest.raises(ValueError, match="the file ends here"):
            await sender.send(broken())
