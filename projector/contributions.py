"""What a view contributes to indexes and tallies, and what changes when it becomes another view."""

from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from projector.projection import ReadModel
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


@dataclass(slots=True)
class Changes:
    """The changes of many views, each view at most once; named as in read_store.Batch."""

    entries: dict[str, dict[str, int]] = field(default_factory=dict)
    exits: dict[str, list[str]] = field(default_factory=dict)
    text_entries: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)
    text_exits: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    tallies: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def add(self, id_: str, old: Contributions, new: Contributions) -> None:
        """Adds what turns the old contributions of an entity into the new ones."""
        if old.scores != new.scores:
            self._move(id_, old.scores, new.scores)
        if old.texts != new.texts:
            self._rename(id_, old.texts, new.texts)
        if old.tallies != new.tallies:
            self._count(old.tallies, new.tallies)

    def _move(self, id_: str, old: dict[str, int], new: dict[str, int]) -> None:
        for index, score in new.items():
            if old.get(index) != score:
                self.entries.setdefault(index, {})[id_] = score
        for index in old.keys() - new.keys():
            self.exits.setdefault(index, []).append(id_)

    def _rename(self, id_: str, old: dict[str, tuple[str, int]], new: dict[str, tuple[str, int]]) -> None:
        for index, (term, rank) in new.items():
            if old.get(index) != (term, rank):
                self.text_entries.setdefault(index, []).append((id_, term, rank))
        for index, (term, _) in old.items():
            if index not in new or new[index][0] != term:
                self.text_exits.setdefault(index, []).append((id_, term))

    def _count(self, old: dict[tuple[str, str, str], int], new: dict[tuple[str, str, str], int]) -> None:
        tallies = self.tallies
        for key, amount in new.items():
            if change := amount - old.get(key, 0):
                tallies[key] = tallies.get(key, 0) + change
        for key, amount in old.items():
            if key not in new and amount:
                tallies[key] = tallies.get(key, 0) - amount


def contributions_of(model: ReadModel[Any], view: Message) -> Contributions:
    """What the view contributes now; raises ScoreTooLarge."""
    found = Contributions()
    for index, place in model.indexes(view):
        if isinstance(place, int):
            found.scores[index] = _checked(index, place)
        else:
            text, rank = (place, 0) if isinstance(place, str) else place
            found.texts[index] = fold_text(text), _checked(index, rank)
    tallies = found.tallies
    for key, amount in model.tallies(view):
        tallies[key] = tallies.get(key, 0) + amount
    return found


def _checked(index: str, score: int) -> int:
    if not -MAX_SCORE <= score <= MAX_SCORE:
        raise ScoreTooLarge(f"score {score} in index {index} is beyond 2^53")
    return score
