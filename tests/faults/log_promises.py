"""What the log must hold of a recorded history, by plain SQL: all of it, once, and nothing else."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import psycopg

from tests.faults.history import Record
from tests.stores.log_checks import violations

# Never a legal answer, whatever happens to a process or a line.
_DEFECTS = ("INTERNAL", "DATA_LOSS", "UNIMPLEMENTED")


def broken_promises(admin_url: str, records: Iterable[Record]) -> list[str]:
    """Everything that the log and the answers of the history do not agree on; empty when all is well."""
    found = violations(admin_url)
    with psycopg.connect(admin_url) as connection:
        head = connection.execute("SELECT epoch::text FROM event_log.log_head").fetchone()
        rows = connection.execute(
            "SELECT command_id::text, array_agg(position ORDER BY position),"
            " (array_agg(stream ORDER BY position)), (array_agg(version ORDER BY position))"
            " FROM event_log.events GROUP BY command_id"
        ).fetchall()
    assert head is not None, "the log has no head"
    calls = _Calls(records, head[0])
    recorded = {row[0]: row[1:] for row in rows}
    found += _lost(calls, recorded)
    found += _from_nowhere(calls, recorded)
    found += _twice(calls, recorded)
    found += sorted(calls.defects)
    return found


class _Calls:
    """The commands of a history, by command id; receipts are those of the log's own epoch."""

    def __init__(self, records: Iterable[Record], epoch: str) -> None:
        self._epoch = epoch
        self.sends: defaultdict[str, int] = defaultdict(int)
        self.refusals: defaultdict[str, int] = defaultdict(int)
        self.receipts: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self.defects: set[str] = set()
        for record in records:
            if record["code"] in _DEFECTS and not _is_of_the_line(record):
                self.defects.add(f"call {record['i']} was answered with {record['code']}")
            if record["command_id"] is not None:
                self._note(record["command_id"], record)

    def _note(self, command_id: str, record: Record) -> None:
        match record["kind"]:
            case "invoke":
                self.sends[command_id] += 1
            case "fail":
                self.refusals[command_id] += 1
            case "ok" if record["receipt"]["epoch"] == self._epoch:
                self.receipts[command_id].append(record["receipt"])


def _is_of_the_line(record: Record) -> bool:
    """Whether gRPC itself says so, of a stream that broke off; our code always gives a reason."""
    return record["code"] == "INTERNAL" and record["reason"] is None


def _lost(calls: _Calls, recorded: Mapping[str, Any]) -> Iterator[str]:
    for command_id, receipts in calls.receipts.items():
        if command_id not in recorded:
            yield f"command {command_id} was accepted and is not in the log"
            continue
        positions, streams, versions = recorded[command_id]
        for receipt in receipts:
            there = [
                version
                for stream, version in zip(streams, versions, strict=True)
                if stream == receipt["stream"]
            ]
            if receipt["position"] != positions[-1] or receipt["version"] != max(there, default=0):
                yield f"command {command_id} is elsewhere than its receipt says: {positions}, {receipt}"


def _from_nowhere(calls: _Calls, recorded: Mapping[str, Any]) -> Iterator[str]:
    for command_id in recorded:
        if command_id not in calls.sends:
            yield f"command {command_id} is in the log and was never sent"
        elif calls.sends[command_id] == calls.refusals[command_id]:
            yield f"command {command_id} is in the log and was refused each time"


def _twice(calls: _Calls, recorded: Mapping[str, Any]) -> Iterator[str]:
    for command_id, (positions, _, _) in recorded.items():
        if positions != list(range(positions[0], positions[0] + len(positions))):
            yield f"command {command_id} is in the log in several places: {positions}"
    for command_id, receipts in calls.receipts.items():
        if len({(each["epoch"], each["stream"], each["version"], each["position"]) for each in receipts}) > 1:
            yield f"command {command_id} was answered in different ways"
        if sum(not each["replayed"] for each in receipts) > 1:
            yield f"command {command_id} was accepted anew"
