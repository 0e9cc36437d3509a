"""What read models come to: a view from events, and the whole read side from any cut of a log."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from google.protobuf.message import Message

from event_store import StoredEvent
from projector.contributions import contributions_of
from projector.folding import Folder
from projector.orders import ORDERS
from projector.projection import Projection, ReadModel
from read_store import StoredDocument

View = TypeVar("View", bound=Message)
Tallies = dict[tuple[str, str, str], int]


def view_of(model: ReadModel[View], *given: Message) -> View:
    """The view after these events."""
    view = model.view()
    for event in given:
        view = model.evolve(view, event)
    return view


def tallies_of(model: ReadModel[Any], *given: Message) -> Tallies:
    """What the view after these events adds to tallies, without zeros."""
    return {key: n for key, n in contributions_of(model, view_of(model, *given)).tallies.items() if n}


def scores_of(model: ReadModel[Any], *given: Message) -> dict[str, int]:
    """The indexes that the view after these events stands in."""
    return contributions_of(model, view_of(model, *given)).scores


@dataclass(slots=True)
class ReadSide:
    """Documents, indexes, texts and tallies as the store would hold them."""

    documents: dict[tuple[str, str], StoredDocument] = field(default_factory=dict)
    scores: dict[tuple[str, str], int] = field(default_factory=dict)
    texts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    tallies: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def apply(self, folder: Folder, batch: Iterable[StoredEvent]) -> None:
        """Fold one batch and write what it changes."""
        events = list(batch)
        for view, ids in folder.missing(events):
            folder.load(view, [(id_, self.documents.get((view, id_))) for id_ in ids])
        folded = folder.fold(events)
        for view, documents in folded.documents.items():
            self.documents.update({(view, id_): document for id_, document in documents.items()})
        changes = folded.changes
        for index, gone in changes.exits.items():
            for id_ in gone:
                del self.scores[index, id_]
        for index, entered in changes.entries.items():
            self.scores.update({(index, id_): score for id_, score in entered.items()})
        for index, left in changes.text_exits.items():
            for id_, term in left:
                del self.texts[index, id_, term]
        for index, come in changes.text_entries.items():
            self.texts.update({(index, id_, term): rank for id_, term, rank in come})
        self.tallies.update(changes.tallies)

    def recomputed(self, projection: Projection = ORDERS) -> "ReadSide":
        """The same documents with everything else derived from them anew."""
        fresh = ReadSide(documents=self.documents)
        models = {model.name: model for model in projection.read_models}
        for (name, id_), document in self.documents.items():
            view = models[name].view.FromString(document.message)
            found = contributions_of(models[name], view)
            fresh.scores.update({(index, id_): score for index, score in found.scores.items()})
            fresh.texts.update({(index, id_, term): rank for index, (term, rank) in found.texts.items()})
            fresh.tallies.update(found.tallies)
        return fresh

    def essence(self) -> tuple[Any, ...]:
        """All that a reader could see."""
        tallies = {key: amount for key, amount in self.tallies.items() if amount}
        return self.documents, self.scores, self.texts, tallies


def read_side(
    batches: Iterable[Iterable[StoredEvent]], *, projection: Projection = ORDERS, cached_views: int = 50_000
) -> ReadSide:
    """Fold batches one after the other; with few cached views, views are loaded again and again."""
    side, folder = ReadSide(), Folder(projection, cached_views=cached_views)
    for batch in batches:
        side.apply(folder, batch)
        folder.trim()
    return side


def cuts(events: list[StoredEvent], dice: random.Random, longest: int) -> Iterator[list[StoredEvent]]:
    """The events in batches of at most that length."""
    start = 0
    while start < len(events):
        end = start + dice.randint(1, longest)
        yield events[start:end]
        start = end
