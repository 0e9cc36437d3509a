"""What holds of every decider and command, whatever the domain; each law names itself when it is broken."""

import copy
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from tests.properties.stories import Story, Told
from tests.properties.valid_messages import any_message, with_unknown_fields
from write_service.decider import Decider
from write_service.snapshots import _Shape


class LawBroken(AssertionError):
    """Says which law, and where."""


def check_command(story: Story, told: Told) -> None:
    """The laws of one command, which is not taken over yet."""
    _decides_as_before(story, told)
    if told.refusal is not None:
        _require(bool(told.refusal.reason), "a refusal has a reason", told.command.name)
        return
    _decision_is_well_formed(story, told)
    _answers(story, told)


def check_replay(story: Story) -> None:
    """The state of a stream is what its events come to, read from the log, from any snapshot on."""
    for stream, events in _by_stream(story):
        decider = story.decider_of(stream)
        read = [type(event).FromString(event.SerializeToString()) for event in events]
        shape = _Shape(decider)
        states = list(itertools.accumulate(read, decider.evolve, initial=decider.initial))
        _require(states[-1] == story.state(stream), "a replay comes to the same state", stream.name)
        for version in {len(read) // 2, len(read)}:
            kept = shape.load(shape.dump(states[version]))
            _require(kept == states[version], "a snapshot holds the whole state", stream.name)
            for event in read[version:]:
                kept = decider.evolve(kept, event)
            _require(kept == states[-1], "a replay from a snapshot comes to the same state", stream.name)


def check_evolve(story: Story) -> None:
    """`evolve` takes every type of event of any version in any state, and changes nothing of both."""
    for stream, _ in _by_stream(story):
        decider, state = story.decider_of(stream), story.state(stream)
        for kind in decider.events:
            for event in (kind(), any_message(kind, story.chance, story.known())):
                _takes(decider, state, event)
                _takes(decider, decider.initial, event)


def _takes(decider: Decider[Any], state: Any, event: Message) -> None:
    place = f"{event.DESCRIPTOR.name} on {decider.category}"
    before, bytes_before = copy.deepcopy(state), event.SerializeToString()
    try:
        after = decider.evolve(state, event)
        later = decider.evolve(state, with_unknown_fields(event))
    except Exception as error:
        raise LawBroken(f"evolve takes every event: {place}: {error!r}") from error
    _require(type(after) is type(decider.initial), "evolve answers a state", place)
    _require(later == after, "fields of later versions change nothing", place)
    _require(state == before, "evolve changes no state that it is given", place)
    _require(event.SerializeToString() == bytes_before, "evolve changes no event", place)
    _require(decider.evolve(state, event) == after, "evolve depends on nothing else", place)


def _decides_as_before(story: Story, told: Told) -> None:
    name = told.command.name
    states, request = copy.deepcopy(dict(told.before)), told.request.SerializeToString(deterministic=True)
    again = story.decide(told.command, told.request, told.now)
    _require(dict(told.before) == states, "decide changes no state", name)
    _require(told.request.SerializeToString(deterministic=True) == request, "decide changes no request", name)
    _require(_written(again) == _written(told), "decide depends on nothing else", name)
    _require(type(again.refusal) is type(told.refusal), "decide depends on nothing else", name)
    _require(all(again.before[key] == told.before[key] for key in told.before), "reads are stable", name)


def _decision_is_well_formed(story: Story, told: Told) -> None:
    name, main = told.command.name, told.command.stream(told.request).name
    _require(len(told.decision) > 0, "what is accepted has events", name)
    _require(told.decision[0][0].name == main, "the first event is on the main stream", name)
    for stream, event in told.decision:
        _require(stream.name in told.before, "every stream written was read", name)
        _require(type(event) in story.decider_of(stream).events, "every event is listed", name)
        read = type(event).FromString(event.SerializeToString())
        _require(read == event, "an event reads as it was written", name)


def _answers(story: Story, told: Told) -> None:
    state = story.state(told.decision[0][0])
    main = told.decision[0][0].name
    for stream, event in told.decision:
        if stream.name == main:
            state = story.decider_of(stream).evolve(state, event)
    response: Any = told.command.respond(state, told.decision[0][1])
    rpc = story.domain.service.methods_by_name[told.command.name]
    _require(response.DESCRIPTOR is rpc.output_type, "the answer is the RPC's", told.command.name)
    _require(not response.HasField("receipt"), "the answer has no receipt yet", told.command.name)


def _written(told: Told) -> list[tuple[str, str, bytes]]:
    return [
        (stream.name, event.DESCRIPTOR.full_name, event.SerializeToString(deterministic=True))
        for stream, event in told.decision
    ]


def _by_stream(story: Story) -> Iterable[tuple[Any, Sequence[Message]]]:
    found: dict[str, tuple[Any, list[Message]]] = {}
    for stream, event in story.events:
        found.setdefault(stream.name, (stream, []))[1].append(event)
    return found.values()


def _require(is_kept: bool, law: str, place: str) -> None:
    if not is_kept:
        raise LawBroken(f"{law}: {place}")
