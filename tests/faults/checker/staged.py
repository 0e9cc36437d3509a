"""A staged run without any process: a log, what its clients saw, and the read models; all of it right."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from event_store import StoredEvent
from projector.families import FAMILIES
from projector.orders import ORDERS
from tests.family_events import family_stream_of
from tests.faults.checker import requests
from tests.faults.checker.calls import Answer, Call, Entity, Freshness, Page, Point
from tests.faults.checker.findings import Evidence
from tests.faults.checker.log_dump import LogDump, LogEvent, StoredCommand, microseconds_of
from tests.faults.checker.read_dump import ReadDump
from tests.faults.checker.staged_dump import dump_of
from tests.faults.checker.timeline import VIEWS
from tests.order_events import START, stream_of
from tests.specs.projections.folded import ReadSide, read_side

EPOCH = UUID(int=7)
_PROJECTIONS = {"orders": ORDERS, "families": FAMILIES}
_VIEWS = {
    "GetOrder": ("order_details", "order"),
    "GetProduct": ("product", "product"),
    "GetCustomer": ("customer", "customer"),
    "GetFamily": ("family_details", "family"),
}


class Staged:
    """Each command and query takes a tenth of a second, one after the other, a second apart."""

    def __init__(self) -> None:
        self.log = LogDump(epoch=EPOCH, head=0, events=[], commands=[])
        self.calls: dict[str, Call] = {}
        self.read_models: list[ReadDump] = []
        self.now = 100.0
        self.healed_at: float | None = None
        self._versions: dict[str, int] = {}

    def __getitem__(self, label: str) -> Call:
        return self.calls[label]

    def command(
        self, label: str, method: str, *events: Message, expected_version: int | None = None, **fields: Any
    ) -> Call:
        """An accepted command with its events, the first of them on its main stream."""
        call = self.sent(label, method, expected_version=expected_version, **fields)
        assert call.command_id is not None
        for event in events:
            self._append(event, call.command_id)
        stream = stream_of_event(events[0])[0]
        version, position = self._versions[stream], self.log.head
        at = self.log.events[-1].recorded_at
        self.log.commands.append(
            StoredCommand(
                command_id=call.command_id, stream=stream, version=version, position=position, recorded_at=at
            )
        )
        call.stream = stream
        self.answer(call, receipt=Point(epoch=EPOCH, position=position, stream=stream, version=version))
        return call

    def sent(self, label: str, method: str, *, expected_version: int | None = None, **fields: Any) -> Call:
        """A command on its way."""
        number = len(self.calls) + 1
        request = requests.request_type(method)(**fields)
        request.context.command_id = str(UUID(int=number))
        call = self._call(label, method, request)
        call.command_id, call.expected_version = UUID(int=number), expected_version
        return call

    def again(self, label: str, first: Call) -> Call:
        """The same command once more, on its way."""
        call = self._call(label, first.method, None)
        call.command_id, call.request, call.stream = first.command_id, first.request, first.stream
        return call

    def answer(self, call: Call, kind: str = "ok", **fields: Any) -> Answer:
        """An answer to a call, a tenth of a second later."""
        self.now += 0.1
        if fields.get("receipt") is not None:
            fields.setdefault("is_replayed", False)
        call.answers.append(Answer(kind=kind, at=self.now, **fields))
        return call.answers[-1]

    def query(self, label: str, method: str, id_: str, *, token: Point | None = None) -> Call:
        """An entity, answered from the log's end."""
        view, field = _VIEWS[method]
        call = self._call(label, method, None)
        call.token, call.entity = token, Entity(view=view, id=id_)
        document = self.side("families" if view.startswith("family") else "orders").documents[view, id_]
        message = self._joined(view, id_, document.message)
        response = requests.response_type(method)(**{field: message})
        entity = Entity(view=view, id=id_, version=document.version)
        self.answer(call, freshness=self.freshness(), entity=entity, response=response.SerializeToString())
        return call

    def scan(self, label: str, method: str, *pages: Sequence[str], **fields: Any) -> Call:
        """A list walked to its end, with these ids on its pages."""
        call = self._call(label, method, requests.request_type(method)(**fields))
        for number, rows in enumerate(pages, start=1):
            page = Page(scan=label, number=number, is_last=number == len(pages))
            self.answer(call, freshness=self.freshness(), rows=tuple(rows), page=page)
        return call

    def report(self, label: str, method: str, response: Message, **fields: Any) -> Call:
        """A report with that answer."""
        call = self._call(label, method, requests.request_type(method)(**fields))
        self.answer(call, freshness=self.freshness(), response=response.SerializeToString())
        return call

    def freshness(self) -> Freshness:
        """Caught up with the log."""
        as_of = microseconds_of(self.log.events[-1].recorded_at)
        return Freshness(
            epoch=EPOCH, position=self.log.head, generation=1, lag_seconds=0.0, is_stale=False, as_of_us=as_of
        )

    def side(self, projection: str, position: int | None = None) -> ReadSide:
        """What the projector makes of the log so far, or up to a position."""
        names = set(StoredEvent._fields) - {"correlation_id", "causation_id"}
        stored = [
            StoredEvent(
                **{name: value for name, value in asdict(event).items() if name in names},
                actor="staged",
                correlation_id=None,
                causation_id=None,
            )
            for event in self.log.events[:position]
        ]
        return read_side([stored], projection=_PROJECTIONS[projection])

    def take_dump(self, projection: str) -> ReadDump:
        """Read models caught up with the log, as they would be stored."""
        dump = dump_of(projection, self.side(projection), self.log)
        self.read_models.append(dump)
        return dump

    def evidence(self) -> Evidence:
        """All of it; the newest dump of each projection is the final one."""
        final = {dump.projection: dump for dump in self.read_models}
        calls = sorted(self.calls.values(), key=lambda call: call.at)
        return Evidence(
            calls=calls,
            log=self.log,
            read_models=[dump for dump in self.read_models if dump is not final[dump.projection]],
            final=list(final.values()),
            healed_at=self.healed_at,
        )

    def _call(self, label: str, method: str, request: Message | None) -> Call:
        self.now += 1.0
        assert label not in self.calls
        call = self.calls[label] = Call(
            number=len(self.calls) + 1, process="load", client="1", at=self.now, method=method
        )
        call.request = request.SerializeToString() if request is not None else None
        return call

    def _append(self, message: Message, command_id: UUID) -> None:
        stream, category = stream_of_event(message)
        self._versions[stream] = self._versions.get(stream, 0) + 1
        self.log.head += 1
        self.log.events.append(
            LogEvent(
                position=self.log.head,
                stream=stream,
                version=self._versions[stream],
                category=category,
                type=message.DESCRIPTOR.full_name,
                payload=message.SerializeToString(),
                event_id=UUID(int=10_000 + self.log.head),
                recorded_at=START + timedelta(seconds=self.log.head),
                command_id=command_id,
            )
        )

    def _joined(self, view: str, id_: str, content: bytes) -> Any:
        message: Any = VIEWS[view].FromString(content)
        tallies = self.side("orders").tallies
        if view == "product":
            message.reserved = tallies["product_units", id_, "reserved"]
            message.sold = tallies["product_units", id_, "sold"]
        if view == "customer":
            message.order_count = tallies["customer_totals", id_, "orders"]
            spent, credit = (tallies["customer_totals", id_, f"{each}|GBP"] for each in ("spent", "credit"))
            message.currency_code, message.total_spent_cents, message.credit_cents = "GBP", spent, credit
            message.amounts.add(currency_code="GBP", total_spent_cents=spent, credit_cents=credit)
            scores = self.side("orders").scores.items()
            its = [(score, order) for (index, order), score in scores if index == f"placed/customer/{id_}"]
            message.last_order_at.FromMicroseconds(max(its)[0])
            message.last_order_id = max(its)[1]
        return message


def stream_of_event(message: Message) -> tuple[str, str]:
    """The stream and the category of an event of either domain."""
    is_family = message.DESCRIPTOR.full_name.startswith("diptych.families.")
    return family_stream_of(message) if is_family else stream_of(message)
