"""The one connection that appends, and what its loss means for the group on its way."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import psycopg

import failpoints
from event_store.append_group import (
    AppendGroup,
    append_group,
    followed_places,
    is_of_another_history,
    newest_event,
    outcomes,
)
from event_store.arrays import TextArray, UuidArray
from event_store.connections import Connection, Connections, as_store_error
from event_store.errors import CommitOutcomeUnknown, StoreError, StoreUnavailable
from event_store.events import Append, Appended, Duplicate, Outcome, PredecessorFailed, StoredCommand
from event_store.history import History
from event_store.others import Others
from event_store.prepared import Row


class Writer:
    """Appends one group after another over a connection of its own."""

    def __init__(self, connections: Connections, history: History, others: Others) -> None:
        self.type_ids: dict[str, int] = {}
        self._others = others
        self._history = history
        self._connections = connections
        self._connection: Connection | None = None

    async def append(self, appends: Sequence[Append]) -> Sequence[Outcome | Exception]:
        """An outcome for each, in order; an exception in the place of the one append that it concerns.

        Raises StoreUnavailable, LogFull or CommitOutcomeUnknown for all of them.
        """
        if len({append.command_id.int for append in appends}) == len(appends):
            return await self._append_distinct(appends)
        first: dict[UUID, int] = {}
        for place, append in enumerate(appends):
            first.setdefault(append.command_id, place)
        # The same command id twice in a group: the repeat's turn comes when the first one's fate is known.
        answers = await self._append_distinct([appends[place] for place in first.values()])
        by_place = dict(zip(first.values(), answers, strict=True))
        return [
            by_place[place] if place in by_place else await self._append_alone(append)
            for place, append in enumerate(appends)
        ]

    async def close(self) -> None:
        """Gives up the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _append_distinct(self, appends: Sequence[Append]) -> Sequence[Outcome | Exception]:
        followed = followed_places(appends)
        sent = [append for append, places in zip(appends, followed, strict=True) if places is not None]
        if not sent:
            return [PredecessorFailed()] * len(appends)
        answers = await self._append_sent(sent, [places for places in followed if places is not None])
        for append, answer in zip(sent, answers, strict=True):
            append.attempt.is_appended = isinstance(answer, Appended) and not answer.is_found
        if len(sent) == len(appends):
            return answers
        remaining = iter(answers)
        return [PredecessorFailed() if places is None else next(remaining) for places in followed]

    async def _append_sent(
        self, appends: Sequence[Append], followed: Sequence[Sequence[int]]
    ) -> Sequence[Outcome | Exception]:
        group = append_group(appends, followed, self.type_ids, self._history.known())
        try:
            rows, was_repeated = await self._send(group)
        except psycopg.Error as error:
            if len(appends) == 1:
                return [error]
            # One of them can't be stored, by a mistake of ours: it must not take its neighbours along.
            return [await self._append_alone(append) for append in appends]
        if is_of_another_history(rows):
            raise self._history.replaced(group.known)
        decided = outcomes(group, rows)
        if (newest := newest_event(rows)) is not None:
            self._history.appended(group.known, newest)
            self._others.appended(newest[0] - _events_of(appends, decided), newest[0])
        known = [append for append, outcome in zip(appends, decided, strict=True) if outcome is None]
        if not known:
            return [outcome for outcome in decided if outcome is not None]
        stored = await self._stored_commands(known)
        return [
            outcome or _known_outcome(append, stored, was_repeated)
            for append, outcome in zip(appends, decided, strict=True)
        ]

    async def _append_alone(self, append: Append) -> Outcome | Exception:
        try:
            return (await self._append_distinct([append]))[0]
        except StoreError as error:
            return error

    async def _send(self, group: AppendGroup) -> tuple[list[Row], bool]:
        """The rows of the group, and whether it took a second sending to get them."""
        connection = await self._open()
        try:
            return await _fetch(connection, group), False
        except psycopg.Error as error:
            if not connection.is_broken:
                failure = as_store_error(error)
                raise failure from (error if failure is not error else None)
        # Committed or not? Sending it again is safe, and tells: what is stored already comes back as such.
        try:
            return await _fetch(await self._open(), group), True
        except (psycopg.Error, StoreError) as error:
            raise CommitOutcomeUnknown("the connection to the log was lost during an append") from error

    async def _open(self) -> Connection:
        if self._connection is not None and self._connection.has_hung_up():
            await self.close()
        if self._connection is None:
            self._connection = await self._connections.open()
        return self._connection

    async def _stored_commands(self, appends: Sequence[Append]) -> Mapping[UUID, StoredCommand] | StoreError:
        try:
            ids = [append.command_id for append in appends]
            return (await stored_commands(self._connections, self._history, ids, []))[0]
        except StoreError as error:
            # Nothing is lost: who asks again is answered then. The others' outcomes are certain.
            return error


async def stored_commands(
    connections: Connections, history: History, command_ids: Sequence[UUID], streams: Sequence[str]
) -> tuple[dict[UUID, StoredCommand], dict[str, int]]:
    """What is stored of some commands and the current versions of some streams, at one moment.

    Raises HistoryReplaced.
    """
    known = history.known()
    parameters = (UuidArray.of(command_ids), TextArray.of(streams), *known.parameters)
    rows = await connections.repeat("check", parameters)
    if not rows[0][1]:
        raise history.replaced(known)
    history.read(known, None)
    commands = {
        row[2]: StoredCommand(
            command_id=row[2],
            fingerprint=row[3],
            response=row[4],
            stream=row[5],
            version=row[6],
            position=row[7],
            recorded_at=row[8],
            epoch=row[9],
        )
        for row in rows
        if row[2] is not None
    }
    return commands, dict(zip(streams, rows[0][0] or [], strict=True))


def _events_of(appends: Sequence[Append], decided: Sequence[Outcome | None]) -> int:
    return sum(
        len(append.events)
        for append, outcome in zip(appends, decided, strict=True)
        if isinstance(outcome, Appended)
    )


async def _fetch(connection: Connection, group: AppendGroup) -> list[Row]:
    if failpoints.is_armed:
        await failpoints.reach("append.before_send", connection.cut)
        failpoints.soon("append.under_way", connection.cut)
    rows = await connection.repeat("append", group.parameters)
    if failpoints.is_armed:
        await failpoints.reach("append.answered")
    if connection.has_warned:
        # A warning at commit says that waiting for the standby was cut short: a failover may lose it.
        raise CommitOutcomeUnknown("the append is not confirmed by the standby")
    return rows


def _known_outcome(
    append: Append, stored: Mapping[UUID, StoredCommand] | StoreError, was_repeated: bool
) -> Outcome | Exception:
    if isinstance(stored, StoreError):
        return stored
    command = stored.get(append.command_id)
    if command is None:
        return StoreUnavailable(f"command {append.command_id} is gone: the log has just been replaced")
    is_ours = command.fingerprint == append.fingerprint and command.response == append.response
    if was_repeated and is_ours:
        return Appended(stored=command, is_found=True)
    return Duplicate(stored=command)
