"""Shares partitions out among projector processes: each has as many as any other, or one less."""

import asyncio
import contextlib
from collections.abc import Sequence

from event_store import EventLog, StoreError
from read_store import Attendance, ReadStoreUnavailable
from service_kit.log import logger


class Sharing:
    """Knows which processes take part, and so which partitions are whose.

    This only says who should try: the lease says who may work, and the fence who may write. So it does no
    harm that processes know of each other at different times.
    """

    def __init__(self, attendance: Attendance, log: EventLog, member: str, *, lasts_seconds: float) -> None:
        """A process that falls silent takes part for `lasts_seconds` more."""
        self._attendance = attendance
        self._log = log
        self._member = member
        self._lasts_seconds = lasts_seconds
        self._members: Sequence[str] = ()

    async def run(self) -> None:
        """Takes part until cancelled."""
        try:
            while True:
                with contextlib.suppress(ReadStoreUnavailable):
                    self._know(await self._attended())
                await asyncio.sleep(min(1.0, self._lasts_seconds / 5))
        finally:
            self._members = ()
            with contextlib.suppress(ReadStoreUnavailable, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._attendance.attend(self._member, 0)

    def is_ours(self, number: int) -> bool:
        """Whether a partition falls to this process; numbers count on through all projections."""
        members = self._members
        return self._member in members and members[number % len(members)] == self._member

    async def _attended(self) -> list[str]:
        try:
            await self._log.head()
        except StoreError:
            # Whoever can reach the log should have its partitions.
            return await self._attendance.attend(self._member, 0)
        return await self._attendance.attend(self._member, self._lasts_seconds)

    def _know(self, members: Sequence[str]) -> None:
        if members != self._members:
            logger().info("projectors", members=len(members))
        self._members = members
