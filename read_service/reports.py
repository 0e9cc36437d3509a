"""Reports: answers made of many figures, made again only when the read model has moved on."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diptych.consistency.v1.consistency_pb2 import Consistency
from google.protobuf.message import Message

from read_service.encoding import field
from read_service.freshness import Answer, FreshReads
from read_service.pages import Read
from read_store import Checkpoint, Operation, parts_of

_MOST_REMEMBERED = 256
_LARGEST_REMEMBERED_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is read, and the answer's bytes without its freshness, which has a field of its own.

    `make` must give the same for the same results: nothing of the time of day, for instance.
    """

    operations: Sequence[Operation[Any]]
    make: Callable[[Answer, Read], Awaitable[bytes]]
    freshness_field: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    report: Report
    place: Checkpoint
    body: bytes


class Reports:
    """Answers reports. Each answer looks at the read model, and is the one before while that stands still."""

    def __init__(self, reads: FreshReads) -> None:
        self._reads = reads
        self._remembered: dict[bytes, _Remembered] = {}

    async def answer(
        self, question: bytes, consistency: Consistency, report_on: Callable[[], Report]
    ) -> bytes:
        """Answer a question, which names all that the report depends on but the read model."""
        known = self._remembered.get(question)
        if known is None:
            report = report_on()
            answer = await self._reads.read(report.operations, consistency=consistency)
            return await self._made(question, report, answer)
        operations = known.report.operations
        answer = await self._reads.read(operations, consistency=consistency, unless_at=known.place)
        if answer.results:
            # Meanwhile another one who asked may have made it.
            known = self._remembered.get(question, known)
            if not answer.checkpoint.is_at(known.place):
                return await self._made(question, known.report, answer)
        return self._answered(known.report, known.body, answer)

    async def _made(self, question: bytes, report: Report, answer: Answer) -> bytes:
        is_of_one_read = True

        async def read(operations: Sequence[Operation[Any]]) -> Answer:
            nonlocal is_of_one_read
            is_of_one_read = False
            return await self._reads.read(operations, floor=answer.floor)

        body = await report.make(answer, read)
        if is_of_one_read:
            self._remember(question, report, answer, body)
        return self._answered(report, body, answer)

    def _remember(self, question: bytes, report: Report, answer: Answer, body: bytes) -> None:
        # The last one remembered is the last one forgotten.
        self._remembered.pop(question, None)
        if len(body) > _LARGEST_REMEMBERED_BYTES or len(parts_of(answer.checkpoint)) > 1:
            return
        if len(self._remembered) == _MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[question] = _Remembered(report=report, place=answer.checkpoint, body=body)

    def _answered(self, report: Report, body: bytes, answer: Answer) -> bytes:
        return body + field(report.freshness_field, self._reads.describe(answer))


def question_of(request: Message) -> bytes:
    """Answer what a request asks, however fresh the answer must be."""
    asked = request
    if request.HasField("consistency"):
        asked = type(request)()
        asked.CopyFrom(request)
        asked.ClearField("consistency")
    return request.DESCRIPTOR.full_name.encode() + b"\0" + asked.SerializeToString(deterministic=True)
