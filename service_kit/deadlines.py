"""Ends calls whose time is over."""

import asyncio
import math

from service_kit.context import CallContext
from service_kit.refusals import timed_out

# An answer must leave before the caller's deadline, or its details are lost to a bare DEADLINE_EXCEEDED.
_ANSWER_SECONDS = 0.02
# Calls that have long to go share a timer with those that end at about the same time; for one that has
# less, being told so much too early would be noticed.
_SHARED_SECONDS = 0.05
_LEAST_TO_SHARE_SECONDS = 1.0
# A shared timer stands until it goes off: those of days ahead would become many.
_MOST_TO_SHARE_SECONDS = 60.0


class Deadlines:
    """Interrupts each watched call shortly before its deadline, unless it is forgotten before.

    A timer of its own for each call is dear, and hardly one ever goes off.
    """

    def __init__(self) -> None:
        self._sharing: dict[int, set[CallContext]] = {}

    def watch(self, call: CallContext) -> None:
        """Raise ServiceError when the call's time is over already."""
        seconds = call.deadline - call.started
        if seconds == math.inf:
            return
        if seconds <= 0:
            raise timed_out()
        when = call.deadline - min(_ANSWER_SECONDS, seconds / 10)
        if not _LEAST_TO_SHARE_SECONDS <= seconds <= _MOST_TO_SHARE_SECONDS:
            call.timer = asyncio.get_running_loop().call_at(when, _expire, call)
            return
        tick = int(when / _SHARED_SECONDS)
        sharing = self._sharing.get(tick)
        if sharing is None:
            sharing = self._sharing[tick] = set()
            asyncio.get_running_loop().call_at(tick * _SHARED_SECONDS, self._expire_all, tick)
        sharing.add(call)
        call.sharing = sharing

    def forget(self, call: CallContext) -> None:
        """The call has ended."""
        if call.sharing is not None:
            call.sharing.discard(call)
        elif call.timer is not None:
            call.timer.cancel()

    def _expire_all(self, tick: int) -> None:
        for call in tuple(self._sharing.pop(tick)):
            _expire(call)


def _expire(call: CallContext) -> None:
    call.interrupt(timed_out())
