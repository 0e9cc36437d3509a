"""The whole pattern: a decider's state and evolve, a command's decide, and why a command is refused."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

State = TypeVar("State")
Request = TypeVar("Request", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decider(Generic[State]):
    """How the state of a category's streams follows from their events.

    `evolve` takes every type of `events` and never refuses. `state_version` is raised when evolve gives
    another state for the same events, so that snapshots of the old meaning are not used.
    """

    category: str
    initial: State
    # Any: each decider's evolve is total over its own union of events.
    evolve: Callable[[State, Any], State]
    events: tuple[type[Message], ...]
    state_version: int = 1

    def stream(self, entity_id: str) -> "Stream[State]":
        """The stream of one entity."""
        return Stream(self, f"{self.category}-{entity_id}")


class Stream(NamedTuple, Generic[State]):
    """A stream's name, and the decider whose state it has."""

    decider: Decider[State]
    name: str


class States:
    """The states that a decision is made on: `states[PRODUCT.stream(sku)]` is a Product."""

    __slots__ = ("_by_name",)

    def __init__(self, by_name: Mapping[str, Any]) -> None:
        self._by_name = by_name

    def __getitem__(self, stream: Stream[State]) -> State:
        state: State = self._by_name[stream.name]
        return state


# The events that a command leads to, in the order of the log; the first is on the command's main stream.
Decision = Sequence[tuple[Stream[Any], Message]]


def _reads_nothing_more(_request: Any, _state: Any) -> Iterable[Stream[Any]]:
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class Command(Generic[Request, State]):
    """A command: what it asks, which streams it reads, how it decides, what it answers.

    `decide` is given the request with all ids filled in, the states of the streams read, and the time.
    `respond` makes the response, without a receipt, of the main stream's new state and the first event.
    """

    request: type[Request]
    stream: Callable[[Request], Stream[State]]
    decide: Callable[[Request, States, Timestamp], Decision]
    respond: Callable[[State, Any], Message]
    # Further streams, by the request and the main stream's state.
    reads: Callable[[Request, State], Iterable[Stream[Any]]] = _reads_nothing_more
    # The field of the new entity's id, for commands that begin a stream; left empty, the service fills it.
    creates: str = ""
    # The RPC's name: PlaceOrder for PlaceOrderRequest.
    name: str = field(init=False)

    def __post_init__(self) -> None:
        """Looked up in the descriptor once, not with each command."""
        object.__setattr__(self, "name", self.request.DESCRIPTOR.name.removesuffix("Request"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One part of a rejection: `subject` is a stream, `description` has both sides."""

    subject: str
    description: str


class CommandRejected(Exception):
    """A business rule refuses the command; a subclass a rule, its docstring the rule in one sentence."""

    reason: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        cls.reason = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).upper()

    def __init__(self, message: str, *, violations: Sequence[Violation] = (), **metadata: str) -> None:
        super().__init__(message)
        self.message = message
        self.violations = tuple(violations)
        self.metadata = metadata


class AggregateNotFound(CommandRejected):
    """The command is about something that does not exist."""


class AggregateExists(CommandRejected):
    """The command would make something that exists already."""
