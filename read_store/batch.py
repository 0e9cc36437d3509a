"""One folded batch of events: what it changes in a partition, and how that is told to the apply function."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from read_store.check_sums import CHECK_SUM_COLUMN, as_amount, checkpoint_seal, column_weight
from read_store.checkpoint import microseconds_of
from read_store.keys import changed_index, checked_index
from read_store.stored import StoredDocument

# Beyond this, scores and Lua numbers round.
MAX_SCORE = 2**53

Argument = str | bytes | int
# A call inside the server can spread some thousand arguments at most; a document has two.
_MOST_ARGUMENTS = 6_000
_LONG = 10**15
# Nothing in it leads back to itself, and looking for that takes as long as encoding.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Everything that the events after `after_position` up to `position` change, of one generation.

    documents: view -> id -> document. entries: index -> id -> score; exits: index -> ids.
    text_entries: text index -> (id, folded term, rank). text_exits: text index -> (id, folded term).
    tallies: (tally, row, column) -> amount to add. `anchor` is the event id at `position`, `as_of` its time,
    `events` how many of the events were folded. `head_read_at` is this process's monotonic clock when `head`
    was asked for, in seconds; None for now. `content` is for `made_ready`.
    """

    generation: int
    epoch: UUID
    after_position: int
    position: int
    anchor: UUID
    as_of: datetime
    head: int
    events: int
    documents: Mapping[str, Mapping[str, StoredDocument]] = field(default_factory=dict)
    entries: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    exits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    text_entries: Mapping[str, Sequence[tuple[str, str, int]]] = field(default_factory=dict)
    text_exits: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    tallies: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    head_read_at: float | None = None
    content: Sequence[Argument] = ()

    def made_ready(self) -> "Batch":
        """The same, most of the work of sending done. Raises ValueError for a name that can't be a key."""
        return replace(self, content=self._content())

    def arguments(self, token: int, head_known_us: int) -> list[Argument]:
        """The arguments of the apply function; positions travel as strings. Raises what made_ready does.

        `head_known_us` is `head_read_at` by the store's clock.
        """
        as_of_us = microseconds_of(self.as_of)
        return [
            token,
            self.generation,
            self.epoch.hex,
            self.after_position,
            self.position,
            self.anchor.hex,
            as_of_us,
            self.head,
            head_known_us,
            self.events,
            checkpoint_seal(self.epoch.hex, self.position, self.anchor.hex, as_of_us),
            *(self.content or self._content()),
        ]

    def _content(self) -> list[Argument]:
        """The changes as one text, and for each view: its name, a number of arguments, ids and documents."""
        sections = list(self._sections())
        arguments: list[Argument] = [_encode({"tallies": self._tally_rows(), "sections": sections})]
        for view, documents in self.documents.items():
            packed = [part for id_, kept in documents.items() for part in (id_, kept.pack(id_))]
            for start in range(0, len(packed), _MOST_ARGUMENTS):
                part = packed[start : start + _MOST_ARGUMENTS]
                arguments += (view, len(part), *part)
        return arguments

    def _tally_rows(self) -> list[str | int]:
        """For each row: tally, row, number of columns, columns (the check sum's first), and their amounts."""
        rows: dict[tuple[str, str], tuple[list[str], list[int]]] = {}
        for (tally, row, column), amount in self.tallies.items():
            if not amount:
                continue
            found = rows.get((tally, row))
            if found is None:
                found = rows[tally, row] = [CHECK_SUM_COLUMN], [0]
            columns, amounts = found
            columns.append(column)
            amounts.append(amount)
            amounts[0] += column_weight(column) * amount
        parts: list[str | int] = []
        for name, (columns, amounts) in rows.items():
            amounts[0] = as_amount(amounts[0])
            parts += (*name, len(columns), *columns)
            parts += amounts if max(amounts) < _LONG and min(amounts) > -_LONG else map(_amount, amounts)
        return parts

    def _sections(self) -> Iterator[tuple[str, str, list[str] | list[str | int]]]:
        """What enters and leaves indexes: kind, index, and a list of what is entered or leaves."""
        for view, documents in self.documents.items():
            yield (
                "enter",
                changed_index(view),
                [part for id_, kept in documents.items() for part in (kept.position, id_)],
            )
        for index, ids in self.exits.items():
            yield "leave", checked_index(index), list(ids)
        for index, scores in self.entries.items():
            places: list[str | int] = [part for id_, score in scores.items() for part in (score, id_)]
            yield "enter", checked_index(index), places
        for index, gone in self.text_exits.items():
            yield "leave_texts", checked_index(index), [part for pair in gone for part in pair]
        for index, come in self.text_entries.items():
            yield "enter_texts", checked_index(index), [part for entry in come for part in entry]


def _amount(amount: int) -> str | int:
    """The amount itself, or its text where the sum of two such numbers could be one that Lua rounds."""
    return amount if -_LONG < amount < _LONG else str(amount)
