"""Given events, when a command, then events: specifications in three steps, of pure functions only."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from diptych.command.v1.command_pb2 import CommandContext
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.decider import Command, CommandRejected, Decider, States, Stream

NOW = Timestamp(seconds=1_700_000_000, nanos=123_000)


class Outcome:
    """What a command came to: events by stream, in the order of the log, and the response."""

    def __init__(self, decision: Sequence[tuple[Stream[Any], Message]], response: Message) -> None:
        self.streams = [stream.name for stream, _ in decision]
        self.events = [event for _, event in decision]
        self.response: Any = response

    def then(self, *expected: tuple[str, Message]) -> "Outcome":
        """These events and no others, each on its stream."""
        assert list(zip(self.streams, self.events, strict=True)) == list(expected)
        return self


class History:
    """Events of a domain, and the states that its deciders make of them."""

    commands: ClassVar[Sequence[Command[Any, Any]]]
    deciders: ClassVar[Sequence[Decider[Any]]]
    # The field of an event that has the entity's id, by category.
    id_fields: ClassVar[Mapping[str, str]]

    def __init__(self, *history: Message | Sequence[Message]) -> None:
        flat = [event for each in history for event in ([each] if isinstance(each, Message) else each)]
        self.states: dict[str, Any] = {}
        for event in flat:
            stream = self._stream_of(event)
            self.states[stream.name] = stream.decider.evolve(self._state(stream), event)

    def when(self, request: Any, *, now: Timestamp = NOW) -> Outcome:
        """Decide the command; the streams that it did not name are not there for it."""
        request.context.CopyFrom(CommandContext(command_id=str(uuid4())))
        command = next(each for each in self.commands if each.request is type(request))
        main = command.stream(request)
        reads = [main, *command.reads(request, self._state(main))]
        states = {stream.name: self._state(stream) for stream in reads}
        decision = command.decide(request, States(states), now)
        assert decision[0][0].name == main.name, "the first event is on the main stream"
        for stream, event in decision:
            states[stream.name] = stream.decider.evolve(states[stream.name], event)
        self.states |= states
        return Outcome(decision, command.respond(states[main.name], decision[0][1]))

    def _state(self, stream: Stream[Any]) -> Any:
        return self.states.get(stream.name, stream.decider.initial)

    def _stream_of(self, event: Any) -> Stream[Any]:
        decider = next(decider for decider in self.deciders if type(event) in decider.events)
        return decider.stream(getattr(event, self.id_fields[decider.category]))


def refused(
    given: History, request: Any, rejection: type[CommandRejected], **metadata: str
) -> CommandRejected:
    """The rejection of a command, which has at least this metadata."""
    with pytest.raises(rejection) as caught:
        given.when(request)
    assert type(caught.value) is rejection
    found: Mapping[str, str] = caught.value.metadata
    assert {key: found.get(key) for key in metadata} == metadata
    return caught.value
