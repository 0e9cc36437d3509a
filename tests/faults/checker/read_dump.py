"""All keys of a projection's read models at one moment, taken apart without the read store's code."""

import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID
from zlib import crc32

import redis

_SCRIPT = (Path(__file__).parent / "dump.lua").read_text(encoding="utf-8")
# Behind a document: its version, its position, and what brings the check sum of its id and all of it to 0.
_PLACE = struct.Struct(">QQ4x")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A document as it is kept."""

    version: int
    position: int
    message: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """A line of the trace that the apply function writes where a test asks it to."""

    token: int
    generation: int
    after_position: int
    position: int
    # The newest token that a lease was granted with by then; 0 where the store does not know.
    granted: int = 0


@dataclass(slots=True, kw_only=True)
class ReadDump:
    """The live generation. documents: (view, id). scores: (index, id). text_members: (index, hash of a
    term) -> id -> rank. terms: index -> terms. grams: (index, gram) -> terms. tallies: (tally, row, column).
    rows: tally -> rows. `strangers` are keys that nothing explains.

    Where checkpoints are sealed, documents have check sums, rows have sums, and keys have sizes beside them.
    """

    projection: str
    generation: int = 0
    is_paused: bool = False
    fence: int = 0
    checkpoint: dict[str, str] = field(default_factory=dict)
    documents: dict[tuple[str, str], StoredDocument] = field(default_factory=dict)
    scores: dict[tuple[str, str], float] = field(default_factory=dict)
    text_members: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    terms: dict[str, set[str]] = field(default_factory=dict)
    grams: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    tallies: dict[tuple[str, str, str], int] = field(default_factory=dict)
    rows: dict[str, set[str]] = field(default_factory=dict)
    row_sums: dict[tuple[str, str], int] = field(default_factory=dict)
    sizes: dict[str, int] | None = None
    gram_sizes: dict[tuple[str, str], int] = field(default_factory=dict)
    trace: list[Apply] | None = None
    strangers: list[str] = field(default_factory=list)

    @property
    def position(self) -> int:
        return int(self.checkpoint.get("position", "0"))

    @property
    def epoch(self) -> UUID | None:
        return UUID(self.checkpoint["epoch"]) if "epoch" in self.checkpoint else None

    @property
    def place(self) -> str:
        return f"{self.projection} generation {self.generation} at {self.position}"


def read_dump(admin_url: str, projection: str) -> ReadDump:
    """The read models of a projection, all keys at the same moment."""
    with redis.Redis.from_url(admin_url, protocol=3) as client:
        prefix = f"diptych:{{{projection}:0}}:"
        answer: Any = client.eval(_SCRIPT, 0, prefix + "*")
    return parse(projection, {key.decode(): (kind.decode(), content) for key, kind, content in answer[2]})


def parse(projection: str, keys: Mapping[str, tuple[str, Any]]) -> ReadDump:
    """Take raw keys apart."""
    prefix = f"diptych:{{{projection}:0}}:"
    own = {key.removeprefix(prefix): content for key, (_, content) in keys.items()}
    dump = ReadDump(projection=projection)
    dump.generation = int(_text(own.pop("live", [b"0"])[0]))
    dump.is_paused = "paused" in own
    dump.fence = int(_text(own.pop("fence", [b"0"])[0]))
    if "trace" in own:
        lines = {int(number): line for number, line in _pairs(own.pop("trace")) if number != b"lines"}
        dump.trace = [_apply(lines[number]) for number in sorted(lines)]
    for name in ("lease", "newest", "paused"):
        own.pop(name, None)
    data = f"g{dump.generation}:"
    # First, since what lies in the other keys depends on it.
    _take(dump, "checkpoint", own.pop(f"{data}checkpoint", []))
    # What earlier epochs have in common with this one; whoever comes from them is told so, and nobody else.
    own.pop(f"{data}epochs", None)
    for name, content in own.items():
        if name.startswith(data):
            _take(dump, name.removeprefix(data), content)
        elif not name.startswith("g"):
            dump.strangers.append(name)
    return dump


def _take(dump: ReadDump, name: str, content: Any) -> None:
    kind, _, rest = name.partition(":")
    if name == "checkpoint":
        dump.checkpoint = {_text(key): _text(value) for key, value in _pairs(content)}
    elif name == "sizes":
        dump.sizes = {_text(key): int(value) for key, value in _pairs(content)}
    elif kind == "d":
        _take_documents(dump, rest, content)
    elif kind == "i":
        dump.scores.update({(rest, _text(id_)): score for id_, score in _scored(content)})
    elif kind == "x":
        _take_text(dump, rest, content)
    elif kind == "t" and ":" in rest:
        tally, _, row = rest.partition(":")
        columns = {_text(column): int(value) for column, value in _pairs(content)}
        if "seal" in dump.checkpoint:
            dump.row_sums[tally, row] = columns.pop("\0", 0)
        dump.tallies.update({(tally, row, column): amount for column, amount in columns.items()})
    elif kind == "t":
        dump.rows[rest] = {_text(row) for row, _ in _scored(content)}
    else:
        dump.strangers.append(name)


def _take_text(dump: ReadDump, name: str, content: Any) -> None:
    index, _, rest = name.partition(":")
    part, _, which = rest.partition(":")
    if part == "sizes":
        dump.gram_sizes.update({(index, _text(gram)): int(size) for gram, size in _pairs(content)})
        return
    members = dict(_scored(content))
    if part == "terms":
        dump.terms[index] = {_text(term) for term in members}
    elif part == "e":
        dump.text_members[index, which] = {_text(id_): rank for id_, rank in members.items()}
    elif part == "g":
        dump.grams[index, which] = {_text(term) for term in members}
    else:
        dump.strangers.append(f"x:{name}")


def _take_documents(dump: ReadDump, view: str, content: Any) -> None:
    for name, value in _pairs(content):
        id_ = _text(name)
        if crc32(value, crc32(name)) != 0:
            dump.strangers.append(f"check sum of {view} {id_}")
        version, position = _PLACE.unpack(value[-_PLACE.size :])
        message = _message(value[: -_PLACE.size])
        dump.documents[view, id_] = StoredDocument(version=version, position=position, message=message)


def _message(field: bytes) -> bytes:
    """What is in a field of bytes: behind its number and its length, seven bits of it in each byte."""
    start = next(place for place in range(1, len(field)) if field[place] < 128) + 1
    return field[start:]


def _apply(line: bytes) -> Apply:
    token, generation, after, position, granted = (int(each) for each in _text(line).split())
    return Apply(token=token, generation=generation, after_position=after, position=position, granted=granted)


def _pairs(content: Any) -> Iterable[tuple[bytes, bytes]]:
    return zip(content[::2], content[1::2], strict=True)


def _scored(content: Any) -> Iterable[tuple[bytes, float]]:
    return ((member, float(score)) for member, score in _pairs(content))


def _text(value: bytes) -> str:
    # Terms may hold what is no UTF-8 only when someone wrote it by hand.
    return value.decode("utf-8", "backslashreplace")


def by_index(scores: Mapping[tuple[str, str], float]) -> dict[str, dict[str, float]]:
    """The same, one table an index."""
    found = defaultdict[str, dict[str, float]](dict)
    for (index, id_), score in scores.items():
        found[index][id_] = score
    return dict(found)
