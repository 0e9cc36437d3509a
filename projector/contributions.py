"""What a view contributes to indexes and tallies, and what changes when it becomes another view."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from projector.projection import ReadModel, Tally
from read_store import MAX_SCORE, fold_text


class ScoreTooLarge(Exception):
    """A score beyond 2^53 either way, which sorted sets would round."""


@dataclass(slots=True)
class Contributions:
    """scores: index -> score. texts: text index -> folded term and rank. tallies: (tally, row, column) ->
    amount."""

    scores: dict[str, int] = field(default_factory=dict)
    texts: dict[str, tuple[str, int]] = field(default_factory=dict)
    tallies: dict[tuple[str, str, str], int] = field(default_factory=dict)


# What a view contributes that was never written; not to be changed.
NOTHING = Contributions()


@dataclass(slots=True)
class Changes:
    """The changes of many views, each view at most once; named as in read_store.Batch."""

    entries: defaultdict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    exits: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    text_entries: defaultdict[str, list[tuple[str, str, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    text_exits: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    tallies: defaultdict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, id_: str, old: Contributions, new: Contributions) -> None:
        """Adds what turns the old contributions of an entity into the new ones."""
        if old.scores != new.scores:
            self._move(id_, old.scores, new.scores)
        if old.texts != new.texts:
            self._rename(id_, old.texts, new.texts)
        if old.tallies != new.tallies:
            self._count(old.tallies, new.tallies)

    def _move(self, id_: str, old: dict[str, int], new: dict[str, int]) -> None:
        entries = self.entries
        if not old:
            for index, score in new.items():
                entries[index][id_] = score
            return
        for index, score in new.items():
            if old.get(index) != score:
                entries[index][id_] = score
        for index in old.keys() - new.keys():
            self.exits[index].append(id_)

    def _rename(self, id_: str, old: dict[str, tuple[str, int]], new: dict[str, tuple[str, int]]) -> None:
        for index, (term, rank) in new.items():
            if old.get(index) != (term, rank):
                self.text_entries[index].append((id_, term, rank))
        for index, (term, _) in old.items():
            if index not in new or new[index][0] != term:
                self.text_exits[index].append((id_, term))

    def _count(self, old: dict[tuple[str, str, str], int], new: dict[tuple[str, str, str], int]) -> None:
        tallies = self.tallies
        if not old:
            for key, amount in new.items():
                tallies[key] += amount
            return
        for key, amount in new.items():
            if change := amount - old.get(key, 0):
                tallies[key] += change
        for key, amount in old.items():
            if key not in new:
                tallies[key] -= amount


def contributions_of(model: ReadModel[Any], view: Message) -> Contributions:
    """What the view contributes now; raises ScoreTooLarge."""
    return Contributions(*places_of(model, view), _summed(tuple(model.tallies(view))))


def places_of(model: ReadModel[Any], view: Message) -> tuple[dict[str, int], dict[str, tuple[str, int]]]:
    """The scores and texts of its contributions; raises ScoreTooLarge."""
    scores: dict[str, int] = {}
    texts: dict[str, tuple[str, int]] = {}
    for index, place in model.indexes(view):
        if isinstance(place, int):
            if not -MAX_SCORE <= place <= MAX_SCORE:
                raise _too_large(index, place)
            scores[index] = place
        else:
            texts[index] = _ranked(index, place)
    return scores, texts


def _summed(tallies: tuple[Tally, ...]) -> dict[tuple[str, str, str], int]:
    """The amounts by their keys; a key that is named twice has the sum of both, and hardly any is."""
    summed = dict(tallies)
    if len(summed) != len(tallies):
        summed = dict.fromkeys(summed, 0)
        for key, amount in tallies:
            summed[key] += amount
    return summed


def _ranked(index: str, place: str | tuple[str, int]) -> tuple[str, int]:
    text, rank = (place, 0) if isinstance(place, str) else place
    if not -MAX_SCORE <= rank <= MAX_SCORE:
        raise _too_large(index, rank)
    return fold_text(text), rank


def _too_large(index: str, score: int) -> ScoreTooLarge:
    return ScoreTooLarge(f"score {score} in index {index} is beyond 2^53")
