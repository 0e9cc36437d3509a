"""Ends a stream whose reader takes nothing for too long."""

import asyncio
import time

from service_kit.context import CallContext
from service_kit.refusals import slow_consumer


class WriteWatch:
    """Looks at a stream's pending write from time to time: one timer a stream costs less than one a message.

    A write is given up between `timeout_seconds` and a quarter more.
    """

    __slots__ = ("_call", "_timeout_seconds", "_timer", "pending_since")

    def __init__(self, call: CallContext, timeout_seconds: float) -> None:
        self.pending_since: float | None = None
        self._call = call
        self._timeout_seconds = timeout_seconds
        self._timer = self._in_a_while()

    def close(self) -> None:
        """Stop looking."""
        self._timer.cancel()

    def _in_a_while(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._timeout_seconds / 4, self._look)

    def _look(self) -> None:
        since = self.pending_since
        if since is not None and time.monotonic() - since >= self._timeout_seconds:
            self._call.interrupt(slow_consumer(self._timeout_seconds))
        else:
            self._timer = self._in_a_while()
