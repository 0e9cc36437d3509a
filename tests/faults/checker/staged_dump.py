"""Read models of a staged log as they would lie in the store, from what the projector makes of the log."""

from collections import defaultdict
from hashlib import sha1

from tests.faults.checker.log_dump import LogDump, microseconds_of
from tests.faults.checker.read_dump import Apply, ReadDump, StoredDocument
from tests.faults.checker.timeline import CATEGORIES
from tests.specs.projections.folded import ReadSide


def dump_of(projection: str, side: ReadSide, log: LogDump) -> ReadDump:
    """Generation 1, written in one step by the second holder of the lease."""
    last = log.events[-1]
    events = sum(event.category in CATEGORIES[projection] for event in log.events)
    changed = {
        (f"changed/{view}", id_): document.position for (view, id_), document in side.documents.items()
    }
    dump = ReadDump(
        projection=projection,
        generation=1,
        fence=2,
        checkpoint={
            "epoch": str(log.epoch),
            "position": str(last.position),
            "anchor": last.event_id.hex,
            "as_of_us": str(microseconds_of(last.recorded_at)),
            "head": str(log.head),
            "events": str(events),
        },
        documents={
            key: StoredDocument(version=each.version, position=each.position, message=each.message)
            for key, each in side.documents.items()
        },
        scores={**side.scores, **changed},
        tallies={key: amount for key, amount in side.tallies.items() if amount},
        trace=[
            Apply(token=1, generation=1, after_position=0, position=3),
            Apply(token=2, generation=1, after_position=3, position=last.position),
        ],
    )
    for tally, row, _ in dump.tallies:
        dump.rows.setdefault(tally, set()).add(row)
    _add_texts(dump, side)
    return dump


def _add_texts(dump: ReadDump, side: ReadSide) -> None:
    members = defaultdict[tuple[str, str], dict[str, float]](dict)
    for (index, id_, term), rank in side.texts.items():
        content = term.encode()
        members[index, sha1(content).hexdigest()][id_] = rank  # noqa: S324 - names a key, guards nothing
        dump.terms.setdefault(index, set()).add(term)
        for at in range(len(content) - 2):
            dump.grams.setdefault((index, content[at : at + 3].hex()), set()).add(term)
    dump.text_members = dict(members)
