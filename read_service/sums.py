"""Rows added up from tallies, as a query answers them and as a watch follows them."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from diptych.consistency.v1.consistency_pb2 import Consistency

from read_service import encoding
from read_service.freshness import Answer, FreshReads
from read_service.pages import Read
from read_service.reports import Report, Reports
from read_service.watch import Watch
from read_store import Operation

# Adding up costs more than looking at one document, so a watch does it no more often than eyes can follow.
_REST_SECONDS = 0.1


def _no_stamp(_answer: Answer) -> bytes:
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What is read, and the rows that it adds up to.

    `stamp` is appended to each row; it says how current the row is, and is no change of the row.
    """

    operations: Sequence[Operation[Any]]
    rows: Callable[[Sequence[Any]], list[bytes]]
    stamp: Callable[[Answer], bytes] = _no_stamp


async def get_sums(
    reports: Reports, question: bytes, consistency: Consistency, sums: Callable[[], Sums]
) -> bytes:
    """Answer the rows in field 1, freshness in 2; the question names all that the rows depend on."""
    return await reports.answer(question, consistency, lambda: _report(sums()))


def _report(sums: Sums) -> Report:
    async def make(answer: Answer, _read: Read) -> bytes:
        return _items(sums, answer, sums.rows(answer.results))

    return Report(operations=sums.operations, make=make, freshness_field=2)


async def watch_sums(watch: Watch, consistency: Consistency, sums: Sums) -> AsyncGenerator[bytes, None]:
    """Yield the rows, then all rows after each change; heartbeat is in field 3."""
    await watch.begin(consistency)
    sent: list[bytes] | None = None
    async with aclosing(watch.beats(rest_seconds=_REST_SECONDS)) as beats:
        async for is_heartbeat_due in beats:
            answer = await watch.look(sums.operations)
            rows = sums.rows(answer.results)
            if rows != sent:
                sent = rows
                watch.sent()
                yield _response(watch.reads, sums, answer, rows)
            elif is_heartbeat_due:
                watch.sent()
                yield _response(watch.reads, sums, answer, ()) + encoding.flag(3)


def _response(reads: FreshReads, sums: Sums, answer: Answer, rows: Sequence[bytes]) -> bytes:
    return _items(sums, answer, rows) + encoding.field(2, reads.describe(answer))


def _items(sums: Sums, answer: Answer, rows: Sequence[bytes]) -> bytes:
    stamp = sums.stamp(answer)
    return encoding.fields(1, (row + stamp for row in rows))
