"""What the read models must hold at any position, by the plain folds over the log."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from diptych.families.v1 import views_pb2 as family_views
from diptych.orders.v1 import views_pb2 as order_views
from google.protobuf.message import Message

from tests import family_fold, order_fold
from tests.faults.checker.log_dump import LogEvent
from tests.plain_text import term_of

CATEGORIES = {"orders": ("order", "customer", "product", "credit-note"), "families": ("family",)}
VIEWS: dict[str, type[Message]] = {
    "order_details": order_views.OrderDetails,
    "order_summary": order_views.OrderSummary,
    "customer": order_views.Customer,
    "product": order_views.Product,
    "credit_note": order_views.CreditNote,
    "family_details": family_views.FamilyDetails,
    "family_summary": family_views.FamilySummary,
    "at_risk_family": family_views.AtRiskFamily,
    "tuition_account": family_views.TuitionAccount,
}
_CATEGORIES_OF_VIEWS = {
    "order_details": "order",
    "order_summary": "order",
    "customer": "customer",
    "product": "product",
    "credit_note": "credit-note",
    "family_details": "family",
    "family_summary": "family",
    "at_risk_family": "family",
    "tuition_account": "family",
}


def stream_of(view: str, id_: str) -> str:
    """The one stream that a document is made from."""
    return f"{_CATEGORIES_OF_VIEWS[view]}-{id_}"


@dataclass(slots=True)
class Held:
    """What one stream's documents are and contribute; texts are folded."""

    version: int = 0
    position: int = 0
    documents: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    scores: dict[tuple[str, str], int] = field(default_factory=dict)
    texts: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    tallies: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def fold_stream(events: Sequence[LogEvent]) -> Held:
    """What all events of one stream come to, oldest first; at least one."""
    last = events[-1]
    fold = family_fold.fold if last.category == "family" else order_fold.fold
    found: Any = fold([(event.message, event.recorded_at) for event in events])
    texts = {key: text if isinstance(text, tuple) else (text, 0) for key, text in found.texts.items()}
    return Held(
        version=last.version,
        position=last.position,
        documents=found.documents,
        scores=found.scores | {(f"changed/{view}", id_): last.position for view, id_ in found.documents},
        texts={key: (term_of(text), rank) for key, (text, rank) in texts.items()},
        tallies=found.tallies,
    )


class Timeline:
    """The read models of one projection, moved along the log; going back starts again from the beginning."""

    def __init__(
        self,
        projection: str,
        events: Sequence[LogEvent],
        fold: Callable[[Sequence[LogEvent]], Held] = fold_stream,
    ) -> None:
        categories = CATEGORIES[projection]
        self._fold = fold
        self.projection = projection
        self._events = [event for event in events if event.category in categories]
        self._positions = [event.position for event in self._events]
        self._begin()

    def _begin(self) -> None:
        self.position = 0
        self._happened = defaultdict[str, list[LogEvent]](list)
        self.streams: dict[str, Held] = {}
        self._rows = defaultdict[tuple[str, str], Counter[str]](Counter)
        self._newest: dict[str, tuple[datetime, str]] = {}

    def move_to(self, position: int) -> "Timeline":
        """Fold up to and with that position."""
        if position < self.position:
            self._begin()
        first, end = (bisect_right(self._positions, each) for each in (self.position, position))
        touched = dict.fromkeys(event.stream for event in self._events[first:end])
        for event in self._events[first:end]:
            self._happened[event.stream].append(event)
        for stream in touched:
            self._refold(stream)
        self.position = position
        return self

    def _refold(self, stream: str) -> None:
        before = self.streams.get(stream)
        if before is not None:
            self._count(before, -1)
        held = self.streams[stream] = self._fold(self._happened[stream])
        self._count(held, 1)
        self._note_order(held)

    def _note_order(self, held: Held) -> None:
        """Orders keep their customer and their instant for ever, so the newest one is easily kept."""
        for (view, id_), document in held.documents.items():
            if view == "order_summary":
                customer_id, newest = document["customer_id"], (document["placed_at"], id_)
                self._newest[customer_id] = max(newest, self._newest.get(customer_id, newest))

    def _count(self, held: Held, sign: int) -> None:
        for (tally, row, column), amount in held.tallies.items():
            self._rows[tally, row][column] += sign * amount

    @property
    def events(self) -> int:
        """How many events of the projection there are up to here."""
        return bisect_right(self._positions, self.position)

    def document(self, view: str, id_: str) -> dict[str, Any] | None:
        """A document as it is here."""
        held = self.streams.get(stream_of(view, id_))
        return held.documents.get((view, id_)) if held else None

    def documents(self, view: str) -> Iterator[dict[str, Any]]:
        """All documents of a view as they are here."""
        for held in self.streams.values():
            yield from (document for (name, _), document in held.documents.items() if name == view)

    def row(self, tally: str, row: str) -> dict[str, int]:
        """The columns of a row of a tally, without zeros."""
        return {column: amount for column, amount in self._rows[tally, row].items() if amount}

    def rows(self, tally: str) -> list[tuple[str, dict[str, int]]]:
        """All rows of a tally that are not empty."""
        names = sorted(row for name, row in self._rows if name == tally)
        return [(row, columns) for row in names if (columns := self.row(tally, row))]

    def newest_order(self, customer_id: str) -> tuple[datetime | None, str]:
        """When the customer's newest order was placed, and its id."""
        return self._newest.get(customer_id, (None, ""))

    def tallies(self) -> dict[tuple[str, str, str], int]:
        """All tallies, without zeros."""
        rows = self._rows.items()
        return {(*key, column): n for key, columns in rows for column, n in columns.items() if n}
