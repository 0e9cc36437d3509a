"""Laws that hold of every read model of every projection, over stories of its domain."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import Message

from projector.app import PROJECTIONS
from projector.projection import Projection, ReadModel
from tests.properties.laws_of_deciders import LawBroken
from tests.properties.laws_of_read_models import check_batching, check_evolve, domain_of, log_of
from tests.properties.profile import seeds
from tests.properties.stories import Story, story_of
from write_service.app import DOMAINS

_EACH_PROJECTION = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
_COMMANDS = 250


def _check_all(projection: Projection, story: Story) -> None:
    check_evolve(projection, story, _strangers(projection))
    check_batching(projection, log_of(story), story.chance)


def _strangers(projection: Projection) -> tuple[type[Message], ...]:
    everything = [event for domain in DOMAINS for each in domain.deciders for event in each.events]
    return (
        *(event for event in everything if event not in projection.events),
        projection.read_models[0].view,
    )


@_EACH_PROJECTION
@pytest.mark.parametrize("seed", seeds(4))
def test_the_laws_hold_over_every_story(projection: Projection, seed: int) -> None:
    _check_all(projection, story_of(domain_of(projection), seed, _COMMANDS))


def test_every_domain_has_read_models_of_all_its_events() -> None:
    for domain in DOMAINS:
        of_deciders = {event for decider in domain.deciders for event in decider.events}
        projections = [each for each in PROJECTIONS if domain_of(each) is domain]
        assert projections
        for projection in projections:
            assert set(projection.events) == of_deciders
            categories = {decider.category for decider in domain.deciders}
            assert {model.category for model in projection.read_models} <= categories


def _refuses_the_unknown(model: ReadModel[Any], kinds: tuple[type[Message], ...]) -> ReadModel[Any]:
    def evolve(view: Any, event: Any) -> Any:
        assert isinstance(event, kinds)
        return model.evolve(view, event)

    return replace(model, evolve=evolve)


def _counts_later_fields(model: ReadModel[Any], _kinds: tuple[type[Message], ...]) -> ReadModel[Any]:
    def evolve(view: Any, event: Any) -> Any:
        known = type(event).FromString(event.SerializeToString())
        known.DiscardUnknownFields()
        return model.evolve(view, event) if known.ByteSize() == event.ByteSize() else model.view()

    return replace(model, evolve=evolve)


def _contributes_by_turns(model: ReadModel[Any], _kinds: tuple[type[Message], ...]) -> ReadModel[Any]:
    turns = iter(range(10**9))
    return replace(
        model, indexes=lambda _: [("all", next(turns))], tallies=lambda _: [(("n", "all", "n"), 1)]
    )


def _contributes_too_rarely(model: ReadModel[Any], kinds: tuple[type[Message], ...]) -> ReadModel[Any]:
    return replace(model, indexes=lambda view: [("size", view.ByteSize() % 7)], contributing_events=kinds[:1])


@_EACH_PROJECTION
@pytest.mark.parametrize(
    ("sabotage", "law"),
    [
        (_refuses_the_unknown, "evolve takes unknown events"),
        (_counts_later_fields, "fields of later versions change nothing"),
        (_contributes_by_turns, "depends on nothing else|contributes the same"),
        (_contributes_too_rarely, "deltas equal|any batching"),
    ],
)
def test_a_read_model_that_breaks_a_law_is_found(
    projection: Projection,
    sabotage: Callable[[ReadModel[Any], tuple[type[Message], ...]], ReadModel[Any]],
    law: str,
) -> None:
    """The sabotaged twins: the first read model of each projection."""
    first, *others = projection.read_models
    broken = replace(projection, read_models=(sabotage(first, projection.events), *others))
    with pytest.raises(LawBroken, match=law):
        _check_all(broken, story_of(domain_of(projection), 1, _COMMANDS))
