"""Questions that look for damage: keys of another size, terms out of place."""

from dataclasses import dataclass
from typing import Any


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
