"""A group of appends as the parameters of one call, and its rows as outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from uuid import UUID

from event_store.arrays import Array, ByteaArray, Int2Array, Int4Array, TextArray, UuidArray
from event_store.events import (
    Append,
    Appended,
    Attempt,
    Outcome,
    PredecessorFailed,
    StoredCommand,
    WrongVersion,
)
from event_store.history import Known

_APPENDED, _WRONG_VERSION, _PREDECESSOR_FAILED, _OTHER_HISTORY = 0, 1, 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendGroup:
    """Appends with distinct command ids, and the parameters of sql/statements/append.sql for them."""

    appends: Sequence[Append]
    streams: Sequence[str]
    parameters: Sequence[Array]
    known: Known


def append_group(
    appends: Sequence[Append],
    followed: Sequence[Sequence[int]],
    type_ids: Mapping[str, int],
    known: Known,
) -> AppendGroup:
    """The group of `appends`, each with the places in the group, from 1, of those that it follows.

    Nothing of it is appended to a log that does not hold what is `known`.

    Each distinct stream gets a number, so that the database compares integers.
    """
    reads = [read for append in appends for read in append.reads]
    written = [(append, event) for append in appends for event in append.events]
    streams = list(dict.fromkeys([read.stream for read in reads]))
    number = dict(zip(streams, range(1, len(streams) + 1), strict=True))
    parameters = (
        UuidArray.of([append.command_id for append in appends]),
        ByteaArray.of([append.fingerprint for append in appends]),
        ByteaArray.of([append.response for append in appends]),
        TextArray.of([append.stream for append in appends]),
        Int4Array.of([number[append.stream] for append in appends]),
        Int4Array.of(list(accumulate([len(append.reads) for append in appends]))),
        Int4Array.of(list(accumulate([len(append.events) for append in appends]))),
        Int4Array.of(list(accumulate([len(places) for places in followed]))),
        Int4Array.of([place for places in followed for place in places]),
        TextArray.of(streams),
        Int4Array.of([number[read.stream] for read in reads]),
        Int4Array.of([read.version for read in reads]),
        Int4Array.of([number[event.stream] for _, event in written]),
        TextArray.of([event.stream for _, event in written]),
        TextArray.of([event.category for _, event in written]),
        Int2Array.of([type_ids[event.type] for _, event in written]),
        ByteaArray.of([event.payload for _, event in written]),
        UuidArray.of([append.command_id for append, _ in written]),
        TextArray.of([append.actor for append, _ in written]),
        TextArray.of([append.correlation_id for append, _ in written]),
        TextArray.of([append.causation_id for append, _ in written]),
        *known.parameters,
    )
    return AppendGroup(appends=appends, streams=streams, parameters=parameters, known=known)


def followed_places(appends: Sequence[Append]) -> list[list[int] | None]:
    """For each append, which of the group it follows, by their places among those that can be sent.

    None for what can't be sent: it follows an attempt that was not appended and is not sent before it here.
    """
    place_of: dict[Attempt, int] = {}
    followed: list[list[int] | None] = []
    for append in appends:
        open_ends = [attempt for attempt in append.follows if not attempt.is_appended]
        places = [place_of[attempt] for attempt in open_ends if attempt in place_of]
        if len(places) < len(open_ends):
            followed.append(None)
            continue
        place_of[append.attempt] = len(place_of) + 1
        followed.append(places)
    return followed


def is_of_another_history(rows: Sequence[tuple[Any, ...]]) -> bool:
    """Whether the log does not hold what was known."""
    return bool(rows[0][0] == _OTHER_HISTORY)


def newest_event(rows: Sequence[tuple[Any, ...]]) -> tuple[int, UUID] | None:
    """The last event that the group wrote, by position and id; None when it wrote none."""
    return (rows[0][6], rows[0][7]) if rows[0][7] is not None else None


def outcomes(group: AppendGroup, rows: Sequence[tuple[Any, ...]]) -> list[Outcome | None]:
    """An outcome for each append, None where its command id was stored already."""
    return [_outcome(group, append, row) for append, row in zip(group.appends, rows, strict=True)]


def _outcome(group: AppendGroup, append: Append, row: tuple[Any, ...]) -> Outcome | None:
    outcome, stream_number, stream_version, position, recorded_at, epoch, *_ = row
    if outcome == _APPENDED:
        # By place: naming the fields takes twice as long.
        return Appended(
            StoredCommand(
                append.command_id,
                append.fingerprint,
                append.response,
                append.stream,
                stream_version,
                position,
                recorded_at,
                epoch,
            )
        )
    if outcome == _WRONG_VERSION:
        return _wrong_version(append, group.streams[stream_number - 1], stream_version)
    if outcome == _PREDECESSOR_FAILED:
        return PredecessorFailed()
    return None


def _wrong_version(append: Append, stream: str, actual: int) -> WrongVersion:
    expected = next(read.version for read in append.reads if read.stream == stream and read.version != actual)
    return WrongVersion(stream=stream, expected=expected, actual=actual)
