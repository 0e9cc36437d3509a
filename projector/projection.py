"""What a projection declares: its read models, each as three pure functions over a view."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

View = TypeVar("View", bound=Message)
# (tally, row, column) and the amount to add there.
Tally = tuple[tuple[str, str, str], int]


def nowhere(_view: Message) -> tuple[()]:
    """The places of a view that is found by its id only."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModel(Generic[View]):
    """One view a stream of a category: `order-42` has the document with id 42 in each read model of `order`.

    evolve may change the view it is given, and answers it; it ends in `case _: return view`. The fields
    `version` and `last_updated` of a view are set by the runner where the view has them.
    indexes names the sorted sets that the view stands in, with an integer score of at most 2^53 either way,
    and the text indexes, with one text each, or a text and a rank among equal texts. Lines of a text are
    searched each for itself. An index belongs to one read model.
    tallies names (tally, row, column) and the amount that the view adds there.
    contributing_events are the event types that can change what indexes and tallies answer; after other
    events neither is asked again, so they must not look at `version` and `last_updated` then. Left out, they
    are asked after every event.
    """

    name: str
    category: str
    view: type[View]
    evolve: Callable[[View, Message], View]
    indexes: Callable[[View], Iterable[tuple[str, int | str | tuple[str, int]]]] = nowhere
    tallies: Callable[[View], Iterable[Tally]] = lambda _: ()
    contributing_events: tuple[type[Message], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Read models that share a checkpoint, so that one query may join them at one moment.

    `version` goes up when any of the functions gives other results; that starts a new generation. `events`
    are all event types of the categories of its read models; another type there is an error.
    """

    name: str
    version: int
    read_models: tuple[ReadModel[Any], ...]
    events: tuple[type[Message], ...]
