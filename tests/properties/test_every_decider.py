"""Laws that hold of every decider and every command of every domain that is served."""

import itertools
import random
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.properties.laws_of_deciders import LawBroken, check_command, check_evolve, check_replay
from tests.properties.profile import seeds
from tests.properties.stories import Story
from write_service.app import DOMAINS, Domain
from write_service.decider import CommandRejected, Decider

_EACH_DOMAIN = pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.service.name)
_COMMANDS = 300


def _check_all(domain: Domain, seed: int, commands: int) -> None:
    story = Story(domain, random.Random(seed))  # noqa: S311 - a test's dice
    for told in story.tell(commands):
        check_command(story, told)
    check_evolve(story)
    check_replay(story)


@_EACH_DOMAIN
@pytest.mark.parametrize("seed", seeds(6))
def test_the_laws_hold_in_every_story(domain: Domain, seed: int) -> None:
    _check_all(domain, seed, _COMMANDS)


@_EACH_DOMAIN
def test_the_stories_tell_of_everything_that_a_domain_can_do(domain: Domain) -> None:
    """Or else the laws would hold of what never happens."""
    happened, accepted, refused = set[str](), set[str](), 0
    for seed in itertools.count():
        story = Story(domain, random.Random(seed))  # noqa: S311 - a test's dice
        for told in story.tell(_COMMANDS):
            refused += told.refusal is not None
            if told.refusal is None:
                accepted.add(told.command.name)
                happened |= {event.DESCRIPTOR.full_name for _, event in told.decision}
        missing = {event.DESCRIPTOR.full_name for each in domain.deciders for event in each.events} - happened
        missing |= {command.name for command in domain.commands} - accepted
        if not missing:
            break
        assert seed < 20, missing
    assert refused


@_EACH_DOMAIN
def test_no_category_is_the_beginning_of_another(domain: Domain) -> None:
    """A stream's name is its category and an id; any id may stand there, so two must never meet."""
    categories = [decider.category for each in DOMAINS for decider in each.deciders]
    assert len(set(categories)) == len(categories)
    for one, other in itertools.permutations(categories, 2):
        assert not other.startswith(f"{one}-")
    ids = (".", "..", "-", "--1", "a-1", "order-1", "A" * 128)
    names = [decider.stream(id_).name for decider in domain.deciders for id_ in ids]
    assert len(set(names)) == len(names)


def _refuses_one(evolve: Callable[[Any, Any], Any], kind: type) -> Callable[[Any, Any], Any]:
    def evolved(state: Any, event: Any) -> Any:
        if not isinstance(event, kind):
            return evolve(state, event)
        raise LookupError("not this one")

    return evolved


def _looks_at_everything(evolve: Callable[[Any, Any], Any], _kind: type) -> Callable[[Any, Any], Any]:
    """Loses the event when it has more fields than are known."""
    return lambda state, event: state if event.ByteSize() > _known_size(event) else evolve(state, event)


def _known_size(event: Any) -> int:
    known = type(event).FromString(event.SerializeToString())
    known.DiscardUnknownFields()
    return int(known.ByteSize())


def _counts(evolve: Callable[[Any, Any], Any], _kind: type) -> Callable[[Any, Any], Any]:
    turns = itertools.count()
    return lambda state, event: state if next(turns) % 7 == 0 else evolve(state, event)


def _changes_the_state(evolve: Callable[[Any, Any], Any], _kind: type) -> Callable[[Any, Any], Any]:
    def evolved(state: Any, event: Any) -> Any:
        after = evolve(state, event)
        # What a state that is not frozen would allow; a named tuple can't be changed by any means.
        for name in getattr(type(state), "__dataclass_fields__", ()):
            object.__setattr__(state, name, getattr(after, name))
        return state

    return evolved


def _with_evolve(domain: Domain, change: Callable[[Any, type], Callable[[Any, Any], Any]]) -> Domain:
    def changed(decider: Decider[Any]) -> Decider[Any]:
        return replace(decider, evolve=change(decider.evolve, decider.events[-1]))

    # The initial states are the product's own: a sabotaged evolve may change what it is given.
    deciders = (changed(replace(each, initial=copy(each.initial))) for each in domain.deciders)
    return replace(domain, deciders=tuple(deciders))


@_EACH_DOMAIN
@pytest.mark.parametrize(
    ("sabotage", "law"),
    [
        (_refuses_one, "evolve takes every event"),
        (_looks_at_everything, "fields of later versions change nothing"),
        (_counts, "depends on nothing else|change nothing"),
        (_changes_the_state, "evolve changes no state"),
    ],
)
def test_an_evolve_that_breaks_a_law_is_found(
    domain: Domain, sabotage: Callable[[Any, type], Any], law: str
) -> None:
    """The sabotaged twins."""
    with pytest.raises((LawBroken, LookupError), match=f"{law}|not this one"):
        _check_all(_with_evolve(domain, sabotage), 1, 100)


def _decides(domain: Domain, change: Callable[..., Any]) -> Domain:
    commands = (replace(each, decide=partial(change, each.decide)) for each in domain.commands)
    return replace(domain, commands=tuple(commands))


def _changes_the_request(decide: Callable[..., Any], request: Any, states: Any, now: Any) -> Any:
    request.context.correlation_id += "x"
    return decide(request, states, now)


def _writes_elsewhere(decide: Callable[..., Any], request: Any, states: Any, now: Any) -> Any:
    decision = list(decide(request, states, now))
    return [(stream.decider.stream("elsewhere"), event) for stream, event in decision]


def _decides_nothing(decide: Callable[..., Any], request: Any, states: Any, now: Any) -> Any:
    return list(decide(request, states, now))[:0]


def _refuses_without_a_reason(decide: Callable[..., Any], request: Any, states: Any, now: Any) -> Any:
    raise CommandRejected("no")


@_EACH_DOMAIN
@pytest.mark.parametrize(
    ("sabotage", "law"),
    [
        (_changes_the_request, "decide changes no request"),
        (_writes_elsewhere, "the first event is on the main stream"),
        (_decides_nothing, "what is accepted has events"),
        (_refuses_without_a_reason, "a refusal has a reason"),
    ],
)
def test_a_decide_that_breaks_a_law_is_found(domain: Domain, sabotage: Callable[..., Any], law: str) -> None:
    """The sabotaged twins."""
    with pytest.raises(LawBroken, match=law):
        _check_all(_decides(domain, sabotage), 1, 100)
