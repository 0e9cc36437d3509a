"""Questions that look for damage: keys of another size than they should have, entities out of place."""

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
class StandingOf:
    """Where the document of an entity, last changed at `position`, has to stand: index -> score, and
    text index -> folded term and rank."""

    id: str
    position: int
    scores: Mapping[str, int]
    texts: Mapping[str, tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether documents stand where they have to; raises ReadModelDamaged when one does not.

    Those that have changed since are not judged.
    """

    view: str
    documents: Sequence[StandingOf]

    def request(self) -> dict[str, Any]:
        return {
            "kind": "standing",
            "view": self.view,
            "documents": [
                {
                    "id": each.id,
                    "position": str(each.position),
                    "scores": [(index, str(score)) for index, score in each.scores.items()],
                    "texts": [(index, term, str(rank)) for index, (term, rank) in each.texts.items()],
                }
                for each in self.documents
            ],
        }

    def parse(self, reply: Any) -> None:
        if reply is not None:
            raise ReadModelDamaged("document", self.view, reply.decode())
