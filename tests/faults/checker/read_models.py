"""C7 nothing skipped, repeated or swapped, C8 the read models are what the log comes to, C13 one writer."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from hashlib import sha1
from itertools import pairwise
from typing import Any
from zlib import crc32

from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.log_dump import LogIndex, microseconds_of
from tests.faults.checker.read_dump import ReadDump
from tests.faults.checker.timeline import VIEWS, Timeline
from tests.plain import plain

_MOST_DIFFERENCES = 12


def _all_dumps(evidence: Evidence) -> list[ReadDump]:
    return sorted((*evidence.read_models, *evidence.final), key=lambda dump: (dump.projection, dump.position))


def whole_commands_in_order(evidence: Evidence) -> Findings:
    """C7: a checkpoint is behind whole commands, and each step began where the one before it ended."""
    for dump in _all_dumps(evidence):
        if dump.epoch != evidence.log.epoch:
            continue
        here = evidence.index.by_position.get(dump.position)
        after = evidence.index.by_position.get(dump.position + 1)
        if here is not None and after is not None and here.command_id == after.command_id:
            yield found("C7", f"{dump.place} is in the middle of command {here.command_id}")
        yield from _broken_trace(dump)


def _broken_trace(dump: ReadDump) -> Iterator[Violation]:
    last: dict[int, int] = {}
    for each in dump.trace or ():
        before = last.get(each.generation, 0)
        if each.after_position != before or each.position < each.after_position:
            what = f"from {each.after_position} to {each.position} after {before}"
            yield found("C7", f"{dump.place}: generation {each.generation} went {what}")
        last[each.generation] = each.position
    if dump.trace and last.get(dump.generation, 0) != dump.position:
        yield found("C7", f"{dump.place}: the trace ends at {last.get(dump.generation, 0)}")


def one_writer(evidence: Evidence) -> Findings:
    """C13: no write was accepted with an older fence token than one granted, or written with, before."""
    for dump in _all_dumps(evidence):
        for each in dump.trace or ():
            if each.token < each.granted:
                what = f"token {each.token} wrote position {each.position} after {each.granted} was granted"
                yield found("C13", f"{dump.place}: {what}")
        for before, after in pairwise(dump.trace or ()):
            if after.token < before.token:
                what = f"token {after.token} wrote position {after.position} after token {before.token}"
                yield found("C13", f"{dump.place}: {what}")
        if dump.trace and dump.trace[-1].token > dump.fence:
            yield found("C13", f"{dump.place}: token {dump.trace[-1].token} was never granted")


def equal_to_the_fold(evidence: Evidence) -> Findings:
    """C8: each key of the live generation is what the plain fold up to its checkpoint comes to."""
    timelines: dict[str, Timeline] = {}
    for dump in _all_dumps(evidence):
        if dump.epoch is None and dump.generation == 0:
            continue
        if dump.epoch is None or not evidence.log.holds(dump.epoch, dump.position):
            if dump in evidence.final or dump.epoch not in evidence.log.forks:
                yield found("C8", f"{dump.place} is of epoch {dump.epoch}, which is not the log's")
            continue
        timeline = timelines.get(dump.projection)
        if timeline is None:
            timeline = timelines[dump.projection] = Timeline(
                dump.projection, evidence.log.events, evidence.documents.fold
            )
        yield from _different(dump, timeline.move_to(dump.position), evidence.index)


def _different(dump: ReadDump, timeline: Timeline, index: LogIndex) -> Iterator[Violation]:
    parts: dict[str, tuple[Mapping[Any, Any], Mapping[Any, Any]]] = {
        "checkpoint": (_checkpoint(dump), _expected_checkpoint(dump, timeline, index)),
        "document": (_documents(dump), _expected_documents(timeline)),
        "score": (dict(dump.scores), _merged(timeline, "scores")),
        "tally": (dict(dump.tallies), timeline.tallies()),
        "row of a tally": (_set_members(dump.rows), _expected_rows(timeline)),
        **_texts(dump, timeline),
        **_sums_and_sizes(dump),
        "key": (dict.fromkeys(dump.strangers, "unknown"), {}),
    }
    for name, (stored, expected) in parts.items():
        for difference in _differences(stored, expected):
            yield found("C8", f"{dump.place}: {name} {difference}")


def _differences(stored: Mapping[Any, Any], expected: Mapping[Any, Any]) -> Iterator[str]:
    if stored == expected:
        return
    wrong = [key for key in stored.keys() | expected.keys() if stored.get(key) != expected.get(key)]
    for key in sorted(wrong, key=str)[:_MOST_DIFFERENCES]:
        yield f"{key} is {_shown(stored.get(key), expected.get(key))}"
    if len(wrong) > _MOST_DIFFERENCES:
        yield f"and {len(wrong) - _MOST_DIFFERENCES} more"


def _shown(stored: Any, expected: Any) -> str:
    if isinstance(stored, dict) and isinstance(expected, dict):
        fields = [name for name in stored.keys() | expected.keys() if stored.get(name) != expected.get(name)]
        stored, expected = ({name: it.get(name) for name in sorted(fields)} for it in (stored, expected))
    return f"{stored!r:.200}, should be {expected!r:.200}"


def _checkpoint(dump: ReadDump) -> dict[str, str]:
    names = ("anchor", "as_of_us", "events")
    return {name: dump.checkpoint[name] for name in names if name in dump.checkpoint}


def _expected_checkpoint(dump: ReadDump, timeline: Timeline, index: LogIndex) -> dict[str, str]:
    last = index.by_position.get(dump.position)
    expected = {"events": str(timeline.events)}
    if last is not None:
        as_of_us = str(microseconds_of(last.recorded_at))
        expected |= {"anchor": last.event_id.hex, "as_of_us": as_of_us}
    return expected


def _documents(dump: ReadDump) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (view, id_): {
            "": (document.version, document.position),
            **(plain(VIEWS[view].FromString(document.message)) if view in VIEWS else {}),
        }
        for (view, id_), document in dump.documents.items()
    }


def _expected_documents(timeline: Timeline) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        key: {"": (held.version, held.position), **document}
        for held in timeline.streams.values()
        for key, document in held.documents.items()
    }


def _merged(timeline: Timeline, name: str) -> dict[tuple[str, str], Any]:
    return {key: value for held in timeline.streams.values() for key, value in getattr(held, name).items()}


def _expected_rows(timeline: Timeline) -> dict[tuple[str, str], bool]:
    return {(tally, row): True for tally, row, _ in timeline.tallies()}


def _set_members(sets: Mapping[Any, set[str]]) -> dict[tuple[Any, str], bool]:
    return {(name, member): True for name, members in sets.items() for member in members}


def _sums_and_sizes(dump: ReadDump) -> dict[str, tuple[dict[Any, Any], dict[Any, Any]]]:
    """What the store keeps to notice its own losses, against what is there."""
    if dump.sizes is None:
        return {}
    sizes: Counter[str] = Counter()
    sizes.update(f"d:{view}" for view, _ in dump.documents)
    sizes.update(f"i:{index}" for index, _ in dump.scores)
    sizes.update({f"t:{tally}": len(rows) for tally, rows in dump.rows.items()})
    sizes.update({f"x:{index}": len(terms) for index, terms in dump.terms.items()})
    sizes.update(f"g:{index}" for index, _ in dump.grams)
    sums: Counter[tuple[str, str]] = Counter()
    for (tally, row, column), amount in dump.tallies.items():
        sums[tally, row] += (crc32(column.encode()) | 1) * amount
    return {
        "size": ({name: size for name, size in dump.sizes.items() if size}, dict(sizes)),
        "size of a gram": (
            {gram: size for gram, size in dump.gram_sizes.items() if size},
            {gram: len(terms) for gram, terms in dump.grams.items()},
        ),
        "sum of a row": (
            {row: sum_ % 2**32 for row, sum_ in dump.row_sums.items()},
            {row: sum_ % 2**32 for row, sum_ in sums.items()},
        ),
        "mark": ({"damaged": dump.checkpoint.get("damaged")}, {"damaged": None}),
    }


def _texts(dump: ReadDump, timeline: Timeline) -> dict[str, tuple[dict[Any, Any], dict[Any, Any]]]:
    members = defaultdict[tuple[str, str], dict[str, float]](dict)
    terms: dict[tuple[str, str], bool] = {}
    grams: dict[tuple[tuple[str, str], str], bool] = {}
    for (index, id_), (term, rank) in _merged(timeline, "texts").items():
        content = term.encode()
        members[index, sha1(content).hexdigest()][id_] = rank  # noqa: S324 - names a key, guards nothing
        terms[index, term] = True
        grams |= {((index, content[at : at + 3].hex()), term): True for at in range(len(content) - 2)}
    return {
        "text": (dump.text_members, dict(members)),
        "term": (_set_members(dump.terms), terms),
        "gram": (_set_members(dump.grams), grams),
    }
