"""What clients saw: every call with all its answers, read from the records of load generators."""

import base64
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

# Answers that do not tell whether the command took effect, or that say nothing about the rules.
TRANSIENT = frozenset(
    ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "RESOURCE_EXHAUSTED", "INTERNAL", "UNKNOWN")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place in a history: of a receipt, of a token, of an answer."""

    epoch: UUID
    position: int
    stream: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """What an answer says of its own age."""

    epoch: UUID
    position: int
    generation: int
    lag_seconds: float
    is_stale: bool
    as_of_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What a query asked for; the version is the answer's."""

    view: str
    id: str
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which page of which scan, from 1; a scan may go on in another call."""

    scan: str
    number: int
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer; `is_replayed` and `response` are None where they were not recorded."""

    kind: str
    at: float
    receipt: Point | None = None
    is_replayed: bool | None = None
    freshness: Freshness | None = None
    entity: Entity | None = None
    rows: tuple[str, ...] | None = None
    page: Page | None = None
    code: str | None = None
    reason: str | None = None
    current_version: int | None = None
    response: bytes | None = None
    changes_through: Point | None = None


@dataclass(slots=True, kw_only=True)
class Call:
    """One call; without an answer it is open, and so it is after an answer of kind `info`."""

    number: int
    process: str
    client: str
    at: float
    method: str
    command_id: UUID | None = None
    request: bytes | None = None
    stream: str | None = None
    expected_version: int | None = None
    token: Point | None = None
    entity: Entity | None = None
    page: Page | None = None
    answers: list[Answer] = field(default_factory=list)

    @property
    def last(self) -> Answer | None:
        return self.answers[-1] if self.answers else None

    @property
    def outcome(self) -> str:
        """ok, fail or info."""
        return self.answers[-1].kind if self.answers else "info"

    @property
    def ended(self) -> float:
        """When the last answer came; never, where the outcome is unknown."""
        last = self.last
        return last.at if last is not None and last.kind != "info" else math.inf

    @property
    def receipt(self) -> Point | None:
        last = self.last
        return last.receipt if last is not None and last.kind == "ok" else None

    @property
    def place(self) -> str:
        """For a finding: which call of whom."""
        return f"call {self.number} of {self.process}/{self.client} ({self.method})"


class BrokenHistory(Exception):
    """An answer without its call: the records themselves can't be trusted."""


def calls_of(lines: Iterable[str]) -> list[Call]:
    """Join records to calls, in the order of the invocations; `i` is the same in a call and its answers,
    or else the answer belongs to the client's newest call that is the same by method and command id."""
    calls: list[Call] = []
    open_calls: dict[tuple[str, str], list[Call]] = {}
    for line in lines:
        record = json.loads(line)
        mine = open_calls.setdefault((record["process"], record["client"]), [])
        if record["kind"] == "invoke":
            call = _call(record)
            calls.append(call)
            mine.append(call)
            continue
        call = _answered(mine, record)
        call.answers.append(_answer(record))
        page = call.answers[-1].page
        if page is None or page.is_last:
            mine.remove(call)
    return sorted(calls, key=lambda call: call.at)


def _answered(open_calls: list[Call], record: Mapping[str, Any]) -> Call:
    command_id = _uuid(record.get("command_id"))
    for call in open_calls:
        if call.number == record["i"]:
            return call
    for call in reversed(open_calls):
        if (call.method, call.command_id) == (record["method"], command_id):
            return call
    raise BrokenHistory(f"record {record['i']} of {record['process']}/{record['client']} answers no call")


def _call(record: Mapping[str, Any]) -> Call:
    return Call(
        number=record["i"],
        process=record["process"],
        client=record["client"],
        at=record["at"],
        method=record["method"],
        command_id=_uuid(record.get("command_id")),
        request=_bytes(record.get("request")),
        stream=record.get("stream"),
        expected_version=record.get("expected_version"),
        token=_point(record.get("token_in")),
        entity=_entity(record.get("entity")),
        page=_page(record.get("page")),
    )


def _answer(record: Mapping[str, Any]) -> Answer:
    rows, receipt = record.get("rows"), record.get("receipt")
    return Answer(
        kind=record["kind"],
        at=record["at"],
        receipt=_point(receipt),
        is_replayed=receipt.get("replayed") if receipt else None,
        freshness=_freshness(record.get("freshness")),
        entity=_entity(record.get("entity")),
        rows=tuple(rows) if rows is not None else None,
        page=_page(record.get("page")),
        code=record.get("code"),
        reason=record.get("reason"),
        current_version=record.get("current_version"),
        response=_bytes(record.get("response")),
        changes_through=_point(record.get("changes_through")),
    )


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _bytes(text: str | None) -> bytes | None:
    return base64.b64decode(text) if text is not None else None


def _point(found: Mapping[str, Any] | None) -> Point | None:
    if found is None:
        return None
    return Point(
        epoch=UUID(found["epoch"]),
        position=found["position"],
        stream=found.get("stream") or "",
        version=found.get("version") or 0,
    )


def _freshness(found: Mapping[str, Any] | None) -> Freshness | None:
    if found is None:
        return None
    return Freshness(
        epoch=UUID(found["epoch"]),
        position=found["position"],
        generation=found["generation"],
        lag_seconds=found["lag"],
        is_stale=found["stale"],
        as_of_us=found.get("as_of"),
    )


def _entity(found: Mapping[str, Any] | None) -> Entity | None:
    return Entity(view=found["view"], id=found["id"], version=found.get("version")) if found else None


def _page(found: Mapping[str, Any] | None) -> Page | None:
    return Page(scan=str(found["scan"]), number=found["n"], is_last=found["last"]) if found else None
