"""What must hold of every log, and a reader that follows one: both independent of the code under test."""

import asyncio
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg

from event_store import EventLog


def violations(
    admin_url: str, *, acknowledged: Collection[UUID] = (), followed: Collection[int] = ()
) -> list[str]:
    """Everything wrong with a log, given what was acknowledged and what a reader saw while it grew."""
    with psycopg.connect(admin_url) as connection:
        rows = connection.execute(
            "SELECT position, stream, version, command_id, recorded_at FROM event_log.events ORDER BY 1"
        ).fetchall()
        commands = {row[0] for row in connection.execute("SELECT command_id FROM event_log.commands")}
        head = connection.execute("SELECT position FROM event_log.log_head").fetchone()
    found = []
    positions = [row[0] for row in rows]
    if positions != list(range(1, len(rows) + 1)):
        found.append(f"positions have gaps: highest {max(positions)}, count {len(rows)}")
    if head is None or head[0] != len(rows):
        found.append(f"the head says {head}, there are {len(rows)} events")
    found += _broken_streams(rows)
    if any(earlier[4] > later[4] for earlier, later in pairwise(rows)):
        found.append("recorded_at goes back")
    written_by = {row[3] for row in rows}
    if written_by != commands:
        found.append(f"{len(written_by ^ commands)} commands have events or an answer, not both")
    if lost := set(acknowledged) - written_by:
        found.append(f"{len(lost)} acknowledged commands are lost")
    if followed and list(followed) != positions:
        found.append(f"a reader missed {len(set(positions) - set(followed))} of {len(positions)} positions")
    return found


def _broken_streams(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    found = []
    versions: dict[str, int] = {}
    for position, stream, version, *_ in rows:
        if version != versions.get(stream, 0) + 1:
            found.append(f"{stream} goes from {versions.get(stream, 0)} to {version} at {position}")
        versions[stream] = version
    return found


class Follower:
    """Reads `position > n` over and over while others append, and remembers what it saw."""

    def __init__(self, projector_url: str) -> None:
        self._log = EventLog(projector_url)
        self._last_round = False
        self.positions: list[int] = []

    async def follow(self) -> None:
        """Reads on until told to finish and nothing more is found."""
        while True:
            is_last = self._last_round
            page = await self._log.read(self.positions[-1] if self.positions else 0, limit=50)
            self.positions += [event.position for event in page.events]
            if is_last and not page.events:
                break
            await asyncio.sleep(0)
        await self._log.close()

    def finish(self) -> None:
        """Lets `follow` return once it has caught up."""
        self._last_round = True
