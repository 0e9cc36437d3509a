"""Events of families in a real log, appended without the write service, and the read models as stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from google.protobuf import descriptor_pb2
from google.protobuf.message import Message

from event_store import Append, Appended, EventStore, NewEvent, StreamRead
from projector.families import FAMILIES
from read_store import Document, Page, ReadStore, TallyRows, TextPage
from tests.family_events import family_stream_of
from tests.family_facts import Happened
from tests.family_fold import Folded, fold
from tests.family_places import FLOORS
from tests.plain import plain

_STATUSES = ("ENROLLED", "WITHDRAWN")
_FACETS = ("", *(f"/status/{name}" for name in _STATUSES), *(f"/tier/{tier}" for tier in FLOORS.values()))
_SUMMARY_INDEXES = tuple(order + facet for order in ("risk", "engagement", "enrolled") for facet in _FACETS)
_AT_RISK_INDEXES = ("at_risk_score", *(f"at_risk/{floor}" for floor in FLOORS))
_TALLIES = ("tiers", "enrollment", "active", "tuition")


@dataclass(slots=True)
class FamilyLog:
    """A log of families; `happened` is what was appended, with the times that the log gave."""

    store: EventStore
    happened: list[Happened] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    epoch: UUID = field(default_factory=lambda: UUID(int=0))
    position: int = 0

    async def register(self) -> None:
        """Makes the events of families known to the log."""
        file = descriptor_pb2.FileDescriptorProto()
        FAMILIES.events[0].DESCRIPTOR.file.CopyToProto(file)
        explained = descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString(deterministic=True)
        names = [event.DESCRIPTOR.full_name for event in FAMILIES.events]
        await self.store.register_event_types(names, explained)

    async def append(self, *messages: Message) -> int:
        """Appends events as one command; answers the last position."""
        streams = {family_stream_of(message)[0] for message in messages}
        outcome = await self.store.append(
            Append(
                command_id=uuid4(),
                fingerprint=b"",
                response=b"",
                stream=family_stream_of(messages[0])[0],
                reads=tuple(StreamRead(stream=each, version=self.versions.get(each, 0)) for each in streams),
                events=tuple(_new(message) for message in messages),
                actor="the test",
            )
        )
        assert isinstance(outcome, Appended), outcome
        for message in messages:
            stream, _ = family_stream_of(message)
            self.versions[stream] = self.versions.get(stream, 0) + 1
            self.happened.append((message, outcome.stored.recorded_at))
        self.epoch, self.position = outcome.stored.epoch, outcome.stored.position
        return self.position

    async def append_all(self, messages: Sequence[Message], *, at_once: int = 7) -> None:
        """Appends events in commands of so many."""
        for start in range(0, len(messages), at_once):
            await self.append(*messages[start : start + at_once])

    def expected(self, events: int | None = None) -> Folded:
        """What the read models must hold after all events, or after the first ones."""
        return fold(self.happened[:events])


def _new(message: Message) -> NewEvent:
    stream, category = family_stream_of(message)
    name = message.DESCRIPTOR.full_name
    return NewEvent(stream=stream, category=category, type=name, payload=message.SerializeToString())


async def stored(reader: ReadStore, projection: str, ids: Sequence[str]) -> Folded:
    """All that the read models of these families hold, read through the reader's operations; texts folded."""
    found = Folded()
    for model in FAMILIES.read_models:
        for id_ in ids:
            _, row = await reader.read_one(projection, Document(view=model.name, id=id_))
            if row is not None:
                found.documents[model.name, id_] = plain(model.view.FromString(row.message))
    for view, names in (("family_summary", _SUMMARY_INDEXES), ("at_risk_family", _AT_RISK_INDEXES)):
        for index in names:
            _, page = await reader.read_one(projection, Page(view=view, indexes=(index,), limit=1000))
            found.scores.update({(index, row.id): row.score for row in page.rows})
    text = TextPage(view="family_summary", index="family_search", query="", limit=1000)
    _, terms = await reader.read_one(projection, text)
    found.texts.update({("family_search", row.id): row.term for row in terms.rows})
    for tally in _TALLIES:
        _, rows = await reader.read_one(projection, TallyRows(tally=tally))
        for row_name, columns in rows:
            found.tallies.update({(tally, row_name, column): n for column, n in columns.items()})
    return found
