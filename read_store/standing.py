"""Whether documents stand where they have to, by plain commands: in a script each costs far more."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha1

from read_store.connection import Connection
from read_store.errors import ReadModelDamaged
from read_store.keys import changed_index


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOf:
    """Where the document of an entity, last changed at `position`, has to stand: index -> score, and
    text index -> folded term and rank."""

    id: str
    position: int
    scores: Mapping[str, int]
    texts: Mapping[str, tuple[str, int]]


@dataclass(slots=True)
class _Asked:
    """Some members of a sorted set, which of the entities they stand for, and their scores; None for any."""

    members: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    scores: list[int | None] = field(default_factory=list)

    def add(self, member: str, id_: str, score: int | None) -> None:
        self.members.append(member)
        self.ids.append(id_)
        self.scores.append(score)

    def misplaced(self, found: Sequence[float | None]) -> Iterator[str]:
        """The entities that have other scores."""
        if found == self.scores:
            return
        for id_, score, wanted in zip(self.ids, found, self.scores, strict=True):
            if score is None or (wanted is not None and score != wanted):
                yield id_


async def check_standing(
    connection: Connection, keys: str, view: str, documents: Sequence[StandingOf]
) -> None:
    """Raises ReadModelDamaged when one of them does not stand where it has to; one at least is given.

    `keys` is what the generation's keys begin with. The commands are not one step, so a document is judged
    only if its last change was the same before the others and after them: whatever is written of a document
    is written together with that. One that has changed meanwhile is looked at again in its new place.
    """
    changed = ("ZMSCORE", f"{keys}i:{changed_index(view)}", *(each.id for each in documents))
    asked = _asked(keys, documents)
    before = connection.send(*changed)
    answers = [connection.send("ZMSCORE", key, *each.members) for key, each in asked.items()]
    after = connection.send(*changed)
    misplaced = {
        id_
        for each, answer in zip(asked.values(), answers, strict=True)
        for id_ in each.misplaced(await answer)
    }
    for each, first, last in zip(documents, await before, await after, strict=True):
        if first == last == each.position and each.id in misplaced:
            raise ReadModelDamaged("document", view, each.id)


def _asked(keys: str, documents: Sequence[StandingOf]) -> dict[str, _Asked]:
    """By key what is asked of it."""
    asked: dict[str, _Asked] = defaultdict(_Asked)
    for each in documents:
        for index, score in each.scores.items():
            asked[f"{keys}i:{index}"].add(each.id, each.id, score)
        for index, (term, rank) in each.texts.items():
            digest = sha1(term.encode(), usedforsecurity=False).hexdigest()
            asked[f"{keys}x:{index}:e:{digest}"].add(each.id, each.id, rank)
            asked[f"{keys}x:{index}:terms"].add(term, each.id, None)
    return asked
