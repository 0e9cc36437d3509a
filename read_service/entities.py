"""One entity by its id, as a query answers it and as a watch follows it."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from diptych.consistency.v1.consistency_pb2 import Consistency

from read_service import encoding
from read_service.freshness import Answer, FreshReads
from read_service.refusals import not_found
from read_service.watch import ResumableRequest, Watch
from read_store import Operation, Row


def document_alone(results: Sequence[Any]) -> bytes:
    """Answer the first result's message as it is stored."""
    row: Row = results[0]
    return row.message


# Not frozen: each query has one, and past the guard its fields cost five times as much to set.
@dataclass(slots=True, kw_only=True)
class Entity:
    """What is read for one entity: its document first, then what belongs to it; and how that is answered.

    `not_found_reason` and `ids` say which entity is missing when there is no document. `stream` is named
    when all that is read comes from that stream, so that a token of it is met by the document's version.
    """

    operations: Sequence[Operation[Any]]
    not_found_reason: str
    ids: Mapping[str, str]
    stream: str = ""
    encode: Callable[[Sequence[Any]], bytes] = document_alone


async def get_entity(reads: FreshReads, consistency: Consistency, entity: Entity) -> bytes:
    """Answer the entity in field 1, freshness in 2; raise ServiceError with the entity's reason."""
    answer = await reads.read(entity.operations, consistency=consistency, entity=entity.stream)
    _require(entity, answer)
    return encoding.field(1, entity.encode(answer.results)) + encoding.field(2, reads.describe(answer))


async def watch_entity(
    watch: Watch, request: ResumableRequest, entity: Entity
) -> AsyncGenerator[bytes, None]:
    """Yield the entity's state, then each newer one; raise ServiceError with the entity's reason.

    The state is in field 1, changes_through in 2, freshness in 3, heartbeat in 4.
    """
    watch.stream = entity.stream
    resume_after = await watch.resume(request)
    through, is_known = -1 if resume_after is None else resume_after, False
    async with aclosing(watch.beats()) as beats:
        async for is_heartbeat_due in beats:
            answer = await watch.look(entity.operations)
            row: Row | None = answer.results[0]
            if not is_known:
                _require(entity, answer)
            is_known = True
            is_news = row is not None and row.position > through
            # While a read model is filled anew it is behind what was sent already.
            through = max(through, answer.checkpoint.position)
            if is_news:
                watch.sent()
                yield encoding.field(1, entity.encode(answer.results)) + _place(watch, answer, through)
            elif is_heartbeat_due:
                watch.sent()
                yield _place(watch, answer, through) + encoding.flag(4)


def _require(entity: Entity, answer: Answer) -> None:
    if answer.results[0] is None:
        raise not_found(answer.checkpoint, entity.not_found_reason, **entity.ids)


def _place(watch: Watch, answer: Answer, through: int) -> bytes:
    token = watch.token_at(answer, through)
    return encoding.field(2, token) + encoding.field(3, watch.reads.describe(answer))
