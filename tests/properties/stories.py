"""Stories of a domain that its own deciders tell: random valid commands, each decided on all before it."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.properties.valid_messages import valid_message
from write_service.app import Domain
from write_service.decider import Command, CommandRejected, Decider, States, Stream

_FIRST_SECOND = 1_700_000_000
_ENTITIES_AT_A_TIME = 2
# After so many commands another entity of each kind is taken up, and the oldest one left alone.
_COMMANDS_AN_ENTITY = 60
_MOST_CANDIDATES = 5
# Of a name that ends so, a few values are enough for commands to be about the same things.
_NAMING = ("_id", "_code", "sku")
_CURRENCIES = ("EUR", "EUR", "EUR", "USD")
_KEPT = ("command_id", "region_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One command and what came of it: a decision, or why there is none."""

    command: Command[Any, Any]
    request: Any
    now: Timestamp
    before: Mapping[str, Any]
    decision: Sequence[tuple[Stream[Any], Message]] = ()
    refusal: CommandRejected | None = None


@dataclass(slots=True)
class Story:
    """The states that a domain's streams are in, and all events so far."""

    domain: Domain
    chance: random.Random
    states: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[Stream[Any], Message]] = field(default_factory=list)
    names: set[str] = field(init=False)
    deciders: dict[str, Decider[Any]] = field(init=False)
    _commands: int = 0

    def __post_init__(self) -> None:
        self.names = _naming_fields([command.request.DESCRIPTOR for command in self.domain.commands])
        self.deciders = {decider.category: decider for decider in self.domain.deciders}

    def state(self, stream: Stream[Any]) -> Any:
        return self.states.get(stream.name, self.decider_of(stream).initial)

    def decider_of(self, stream: Stream[Any]) -> Decider[Any]:
        """The domain's own, which a test may have changed."""
        return self.deciders[stream.decider.category]

    def next_command(self) -> Told:
        """Decide a random command; nothing is taken over yet."""
        command = self.chance.choice(self.domain.commands)
        known = self.known()
        request = valid_message(command.request, self.chance, known)
        if command.creates and not getattr(request, command.creates):
            setattr(request, command.creates, self.chance.choice(known[command.creates]))
        self._commands += 1
        now = Timestamp(seconds=_FIRST_SECOND + self._commands, nanos=self.chance.randrange(10**6) * 1000)
        return self.decide(command, request, now)

    def known(self) -> dict[str, Sequence[str]]:
        """A few values for each field of a command that names something."""
        oldest = self._commands // _COMMANDS_AN_ENTITY
        return {
            name: _CURRENCIES if name == "currency_code" else _few(name, oldest)
            for name in sorted(self.names)
        }

    def decide(self, command: Command[Any, Any], request: Any, now: Timestamp) -> Told:
        """What the domain makes of a command now."""
        main = command.stream(request)
        reads = [main, *command.reads(request, self.state(main))]
        before = {stream.name: self.state(stream) for stream in reads}
        try:
            decision = command.decide(request, States(before), now)
        except CommandRejected as refusal:
            return Told(command=command, request=request, now=now, before=before, refusal=refusal)
        return Told(command=command, request=request, now=now, before=before, decision=decision)

    def take(self, told: Told) -> None:
        """Let happen what was decided."""
        for stream, event in told.decision:
            self.states[stream.name] = self.decider_of(stream).evolve(self.state(stream), event)
            self.events.append((stream, event))

    def tell(self, commands: int) -> Iterator[Told]:
        """So many commands, one after the other; half of them are the first of a few that is accepted."""
        for _ in range(commands):
            told = self.next_command()
            for _ in range(self.chance.choice((0, _MOST_CANDIDATES))):
                told = self.next_command() if told.refusal is not None else told
            yield told
            self.take(told)


def story_of(domain: Domain, seed: int, commands: int) -> Story:
    """A story that has been told."""
    story = Story(domain, random.Random(seed))  # noqa: S311 - a test's dice
    for _ in story.tell(commands):
        pass
    return story


def _few(name: str, oldest: int) -> Sequence[str]:
    stem = name.removesuffix("_id")
    return [f"{stem}-{number}" for number in range(oldest, oldest + _ENTITIES_AT_A_TIME)]


def _naming_fields(messages: Sequence[Descriptor]) -> set[str]:
    found: set[str] = set()
    _walk(messages, lambda name: found.add(name) if name.endswith(_NAMING) else None, set())
    return found - set(_KEPT)


def _walk(messages: Sequence[Descriptor], note: Callable[[str], None], seen: set[str]) -> None:
    for message in messages:
        if message.full_name in seen or message.full_name.startswith(("google.", "diptych.command.")):
            continue
        seen.add(message.full_name)
        for each in message.fields:
            if each.message_type is None:
                note(each.name)
        _walk([each.message_type for each in message.fields if each.message_type is not None], note, seen)
