"""Folds events into views and derives from old and new views what has to be written."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from event_store import StoredEvent
from projector.contributions import NOTHING, Changes, Contributions, contributions_of
from projector.projection import Projection, ReadModel
from read_store import StoredDocument

_CACHED_VIEWS = 50_000
# So many events are folded, or views written, in one go: some milliseconds of work.
_SLICE = 250
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownEventType(Exception):
    """An event type that the projection does not list in a category that it reads."""


class VersionGap(Exception):
    """An event does not follow the stored view's version: a part of the read model or the log is missing."""


@dataclass(slots=True)
class _Entry:
    view: Message
    version: int
    contributions: Contributions
    # Whether the contributions may be those of an earlier state of the view.
    is_moved: bool = False


@dataclass(slots=True)
class Folded:
    """What a batch of events changes; documents: view -> id -> document, `events` how many were folded."""

    documents: dict[str, dict[str, StoredDocument]] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)
    events: int = 0


class _ModelFold:
    """One read model with the views that it has at hand."""

    def __init__(self, model: ReadModel[Any]) -> None:
        self.model = model
        self.id_starts = len(model.category) + 1
        self.entries: OrderedDict[str, _Entry] = OrderedDict()
        self.touched: dict[str, StoredEvent] = {}
        self.contributing = model.contributing_events
        fields = model.view.DESCRIPTOR.fields_by_name
        self.has_version = "version" in fields
        self.has_last_updated = "last_updated" in fields

    def load(self, id_: str, document: StoredDocument) -> None:
        view = self.model.view.FromString(document.message)
        self.entries[id_] = _Entry(view, document.version, contributions_of(self.model, view))

    def fold(self, event: StoredEvent, message: Message) -> None:
        id_ = event.stream[self.id_starts :]
        entry = self.entries.get(id_)
        if entry is None:
            entry = self.entries[id_] = _Entry(self.model.view(), 0, NOTHING, is_moved=True)
        if event.version != entry.version + 1:
            raise VersionGap(
                f"{event.stream} has version {entry.version} in {self.model.name}, then {event.version}"
            )
        entry.view = self.model.evolve(entry.view, message)
        entry.version = event.version
        if self.contributing is None or type(message) in self.contributing:
            entry.is_moved = True
        self.touched[id_] = event

    def finish(self, id_: str, last: StoredEvent, changes: Changes) -> StoredDocument:
        entry = self.entries[id_]
        view = entry.view
        if self.has_version:
            view.version = entry.version  # type: ignore[attr-defined] # the descriptor has the field
        if self.has_last_updated:
            # FromDatetime does the same at ten times the cost, and every change of a view comes through here.
            since = last.recorded_at - _EPOCH_START
            stamp: Timestamp = view.last_updated  # type: ignore[attr-defined] # as above
            stamp.seconds = since.days * 86_400 + since.seconds
            stamp.nanos = since.microseconds * 1000
        if entry.is_moved:
            new = contributions_of(self.model, view)
            changes.add(id_, entry.contributions, new)
            entry.contributions, entry.is_moved = new, False
        message = view.SerializeToString(deterministic=True)
        return StoredDocument(entry.version, last.position, message)


class Folder:
    """Holds the views last used; after any failure they are worth nothing and must be cleared."""

    def __init__(self, projection: Projection, *, cached_views: int = _CACHED_VIEWS) -> None:
        self._folds = [_ModelFold(model) for model in projection.read_models]
        self._by_category: dict[str, list[_ModelFold]] = {}
        for each in self._folds:
            self._by_category.setdefault(each.model.category, []).append(each)
        self._parsers = {event.DESCRIPTOR.full_name: event.FromString for event in projection.events}
        self._cached_views = cached_views
        self.at: StoredEvent | None = None

    def reads(self, events: Iterable[StoredEvent]) -> bool:
        """Whether any of the events is of a category that the projection reads."""
        return any(event.category in self._by_category for event in events)

    def missing(self, events: Iterable[StoredEvent]) -> list[tuple[str, list[str]]]:
        """(view, ids) of the documents that these events change and that are not at hand."""
        wanted: dict[str, dict[str, bool]] = {}
        for event in events:
            for each in self._by_category.get(event.category, ()):
                id_ = event.stream[each.id_starts :]
                if id_ not in each.entries:
                    # A stream that begins here has no document yet.
                    wanted.setdefault(each.model.name, {}).setdefault(id_, event.version > 1)
        existing = {view: [id_ for id_, exists in ids.items() if exists] for view, ids in wanted.items()}
        return [(view, ids) for view, ids in existing.items() if ids]

    def load(self, view: str, documents: Iterable[tuple[str, StoredDocument | None]]) -> None:
        """Takes documents as the store has them."""
        fold = next(each for each in self._folds if each.model.name == view)
        for id_, document in documents:
            if document is not None:
                fold.load(id_, document)

    def fold(self, events: Sequence[StoredEvent]) -> Folded:
        """Folds the events in order. Raises whatever a read model raises, UnknownEventType, VersionGap,
        ScoreTooLarge or DecodeError; `at` is then the event that it came to."""
        folded = Folded()
        for _ in self.folding(events, folded):
            pass
        return folded

    def folding(self, events: Sequence[StoredEvent], folded: Folded) -> Iterator[None]:
        """As `fold`, into what is given, with a pause now and then in which others may work."""
        for number, event in enumerate(events, 1):
            folds = self._by_category.get(event.category)
            if folds is None:
                continue
            self.at = event
            message = self._decode(event)
            folded.events += 1
            for each in folds:
                each.fold(event, message)
            if not number % _SLICE:
                yield
        for each in self._folds:
            if each.touched:
                yield from self._finishing(each, folded)

    def _finishing(self, fold: _ModelFold, folded: Folded) -> Iterator[None]:
        documents = folded.documents[fold.model.name] = {}
        touched, fold.touched = fold.touched, {}
        for number, (id_, self.at) in enumerate(touched.items(), 1):
            documents[id_] = fold.finish(id_, self.at, folded.changes)
            fold.entries.move_to_end(id_)
            if not number % _SLICE:
                yield

    def trim(self) -> None:
        """Forgets the views used longest ago, beyond the number to be kept."""
        for each in self._folds:
            while len(each.entries) > self._cached_views:
                each.entries.popitem(last=False)

    def clear(self) -> None:
        """Forgets all views."""
        for each in self._folds:
            each.entries.clear()
            each.touched.clear()

    def _decode(self, event: StoredEvent) -> Message:
        parse = self._parsers.get(event.type)
        if parse is None:
            raise UnknownEventType(f"{event.type} at position {event.position} is not listed")
        return parse(event.payload)
