"""Questions that look for damage: keys of another size, entities and terms out of place."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from read_store.errors import ReadModelDamaged


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySize:
    """Whether a key has as many members as were put into it; raises ReadModelDamaged when not.

    Names are d:<view>, i:<index>, t:<tally>, x:<text index> for its terms, g:<text index> for its trigrams.
    """

    name: str

    def request(self) -> dict[str, Any]:
        return {"kind": "key_size", "name": self.name}

    def parse(self, _reply: Any) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class GramSize:
    """Whether a text index has as many terms with a trigram as were put into it; else as KeySize."""

    index: str
    gram: str

    def request(self) -> dict[str, Any]:
        return {"kind": "key_size", "name": self.index, "gram": self.gram}

    def parse(self, _reply: Any) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySizes:
    """Some keys' sizes at a time; answers the place to go on at ("0" at the end) and the names looked at."""

    place: str = "0"
    limit: int = 100

    def request(self) -> dict[str, Any]:
        return {"kind": "key_sizes", "place": self.place, "limit": self.limit}

    def parse(self, reply: Any) -> tuple[str, list[str]]:
        place, names = reply
        return place.decode(), [name.decode() for name in names]


@dataclass(frozen=True, slots=True, kw_only=True)
class GramSizes:
    """GramSize of some trigrams of a text index at a time; answers the place to go on at ("0" at the end)."""

    index: str
    place: str = "0"
    limit: int = 100

    def request(self) -> dict[str, Any]:
        return {"kind": "gram_sizes", "index": self.index, "place": self.place, "limit": self.limit}

    def parse(self, reply: Any) -> str:
        place: bytes = reply
        return place.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Whether some terms of a text index, after one of them, stand under all of their trigrams.

    Answers the last one, None at the end; raises ReadModelDamaged when one does not.
    """

    index: str
    after: str | None = None
    limit: int = 25

    def request(self) -> dict[str, Any]:
        after = {} if self.after is None else {"after": self.after}
        return {"kind": "terms", "index": self.index, "limit": self.limit, **after}

    def parse(self, reply: Any) -> str | None:
        term: bytes | None = reply
        return None if term is None else term.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOf:
    """Where the document of an entity, last changed at `position`, has to stand: index -> score, and
    text index -> folded term and rank."""

    id: str
    position: int
    scores: Mapping[str, int]
    texts: Mapping[str, tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether documents, one at least, stand where they have to; raises ReadModelDamaged when one does not.

    Those that have changed since are not judged.
    """

    view: str
    documents: Sequence[StandingOf]

    def request(self) -> dict[str, Any]:
        return {
            "kind": "standing",
            "view": self.view,
            "ids": [each.id for each in self.documents],
            "positions": [str(each.position) for each in self.documents],
            "scores": [[index, *entries] for index, entries in self._scores().items()],
            "texts": [[*place, *entries] for place, entries in self._texts().items()],
        }

    def _scores(self) -> dict[str, tuple[list[str], list[str]]]:
        """By index the ids in it and their scores."""
        found: dict[str, tuple[list[str], list[str]]] = defaultdict(_no_entries)
        for each in self.documents:
            for index, score in each.scores.items():
                ids, scores = found[index]
                ids.append(each.id)
                scores.append(str(score))
        return found

    def _texts(self) -> dict[tuple[str, str], tuple[list[str], list[str]]]:
        """By text index and term the ids under it and their ranks."""
        found: dict[tuple[str, str], tuple[list[str], list[str]]] = defaultdict(_no_entries)
        for each in self.documents:
            for index, (term, rank) in each.texts.items():
                ids, ranks = found[index, term]
                ids.append(each.id)
                ranks.append(str(rank))
        return found

    def parse(self, reply: Any) -> None:
        if reply is not None:
            raise ReadModelDamaged("document", self.view, reply.decode())


def _no_entries() -> tuple[list[str], list[str]]:
    return [], []
