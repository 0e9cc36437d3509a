"""A history as transactions over lists: a stream is a list, an event is an append, a version is a read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from tests.faults.checker.calls import Answer, Call
from tests.faults.checker.contents import is_accepted
from tests.faults.checker.findings import Evidence
from tests.faults.checker.listings import LISTINGS
from tests.faults.checker.requests import response_of
from tests.faults.checker.timeline import stream_of


@dataclass(slots=True, kw_only=True)
class Transaction:
    """What was done or seen at one moment; `outcome` is ok, fail or info, values are positions in the log."""

    place: str
    outcome: str
    at: float
    ended: float
    appends: list[tuple[str, int]] = field(default_factory=list)
    reads: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)


def transactions(evidence: Evidence) -> Iterator[Transaction]:
    """Commands, each once, then all that was read; what a restore took away is not told of."""
    seen: set[UUID] = set()
    for call in sorted(evidence.commands, key=lambda call: not is_accepted(evidence, call)):
        is_held = is_accepted(evidence, call)
        if call.command_id in seen or (call.receipt is not None and not is_held):
            continue
        assert call.command_id is not None
        seen.add(call.command_id)
        events = evidence.index.by_command.get(call.command_id, [])
        appends = [(event.stream, event.position) for event in events]
        if is_held and call.receipt is not None and not appends:
            appends = [(call.receipt.stream, call.receipt.position)]
        yield Transaction(
            place=call.place, outcome=call.outcome, at=call.at, ended=call.ended, appends=appends
        )
    for call in evidence.queries:
        for answer in call.answers:
            if reads := list(_reads(evidence, call, answer)):
                yield Transaction(place=call.place, outcome="ok", at=call.at, ended=answer.at, reads=reads)


def _reads(evidence: Evidence, call: Call, answer: Answer) -> Iterator[tuple[str, tuple[int, ...]]]:
    response, freshness = response_of(call.method, answer.response), answer.freshness
    if call.method == "ReadStream" and response is not None and response.events[:1]:
        stream, positions = response.events[0].stream, tuple(event.position for event in response.events)
        ours = {event.position for event in evidence.index.by_stream.get(stream, ())}
        # From its beginning, and of this history.
        if response.events[0].version == 1 and ours.issuperset(positions):
            yield stream, positions
    if freshness is None or not evidence.log.holds(freshness.epoch, freshness.position):
        return
    for stream, version in _shown(call, answer, response):
        yield stream, tuple(it.position for it in evidence.index.by_stream.get(stream, [])[:version])


def _shown(call: Call, answer: Answer, response: object) -> Iterator[tuple[str, int]]:
    """Streams with the versions that an answer shows of them, all of one moment."""
    entity, listing = answer.entity, LISTINGS.get(call.method)
    if entity is not None and entity.version:
        yield stream_of(entity.view, entity.id), entity.version
    elif listing is not None and response is not None:
        for row in getattr(response, listing.field):
            yield stream_of(listing.view, getattr(row, listing.id_field)), row.version
