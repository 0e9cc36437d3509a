"""What holds of every read model, whatever the domain; each law names itself when it is broken."""

import random
from typing import Any

from google.protobuf.message import Message

from projector.contributions import contributions_of
from projector.projection import Projection, ReadModel
from tests.order_events import WrittenLog
from tests.properties.laws_of_deciders import LawBroken
from tests.properties.stories import Story
from tests.properties.valid_messages import any_message, with_unknown_fields
from tests.specs.projections.folded import ReadSide, cuts, read_side
from write_service.app import DOMAINS, Domain


def domain_of(projection: Projection) -> Domain:
    """The domain on the write side whose events the projection folds."""
    folded = set(projection.events)
    found = [
        domain
        for domain in DOMAINS
        if folded & {event for decider in domain.deciders for event in decider.events}
    ]
    assert len(found) == 1, f"{projection.name} is of {len(found)} domains"
    return found[0]


def log_of(story: Story) -> WrittenLog:
    """The events of a story as the log has them."""
    places = {id(event): (stream.name, stream.decider.category) for stream, event in story.events}
    log = WrittenLog(lambda event: places[id(event)])
    log.append(*(event for _, event in story.events))
    return log


def check_batching(projection: Projection, log: WrittenLog, chance: random.Random) -> ReadSide:
    """However the log is cut and however few views are at hand, the read side is the same, and what is
    derived step by step equals what is derived anew."""
    whole = read_side([log.events], projection=projection)
    for longest, cached in ((1, 50_000), (3, 0), (40, 2)):
        batches = cuts(log.events, chance, longest)
        pieces = read_side(batches, projection=projection, cached_views=cached)
        if pieces.essence() != whole.essence():
            raise LawBroken(f"any batching gives the same: {projection.name} by {longest}")
    if whole.essence() != whole.recomputed(projection).essence():
        raise LawBroken(f"deltas equal what is computed anew: {projection.name}")
    return whole


def check_evolve(projection: Projection, story: Story, strangers: tuple[type[Message], ...]) -> None:
    """`evolve` takes every event that may follow, also as later versions write it, and empty ones; it is not
    moved by types that it does not know; `indexes` and `tallies` take every view."""
    for model in projection.read_models:
        views: dict[str, Any] = {}
        for stream, event in story.events:
            if stream.decider.category != model.category:
                continue
            view = views.get(stream.name) or model.view()
            _takes(model, view, event)
            views[stream.name] = model.evolve(_copy(view), event)
        for view in (model.view(), *views.values()):
            for kind in projection.events:
                _takes(model, view, kind())
            for kind in strangers:
                _is_not_moved(model, view, any_message(kind, story.chance, {}))


def _takes(model: ReadModel[Any], view: Message, event: Message) -> None:
    place = f"{event.DESCRIPTOR.name} in {model.name}"
    before = event.SerializeToString()
    try:
        after = model.evolve(_copy(view), event)
        later = model.evolve(_copy(view), with_unknown_fields(event))
        contributions_of(model, after)
        kept = model.view.FromString(after.SerializeToString())
    except Exception as error:
        raise LawBroken(f"evolve takes every event: {place}: {error!r}") from error
    if type(after) is not model.view:
        raise LawBroken(f"evolve answers a view: {place}")
    if contributions_of(model, kept) != contributions_of(model, after):
        raise LawBroken(f"a view that was stored contributes the same: {place}")
    if _known(later) != _known(after):
        raise LawBroken(f"fields of later versions change nothing: {place}")
    if event.SerializeToString() != before:
        raise LawBroken(f"evolve changes no event: {place}")
    if model.evolve(_copy(view), event) != after:
        raise LawBroken(f"evolve depends on nothing else: {place}")


def _is_not_moved(model: ReadModel[Any], view: Message, event: Message) -> None:
    try:
        after = model.evolve(_copy(view), event)
    except Exception as error:
        raise LawBroken(f"evolve takes unknown events: {model.name}: {error!r}") from error
    if after != view:
        raise LawBroken(f"an unknown event changes nothing: {event.DESCRIPTOR.name} in {model.name}")


def _copy(view: Message) -> Any:
    copied = type(view)()
    copied.CopyFrom(view)
    return copied


def _known(view: Message) -> Message:
    """Without fields that an item of an event may have brought along."""
    known = _copy(view)
    known.DiscardUnknownFields()
    return known  # type: ignore[no-any-return] # it is a copy of the view
