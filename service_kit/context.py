"""What a handler learns of the call it serves, whichever engine carries it."""

import asyncio
import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from google.protobuf.message import Message
from google.rpc import status_pb2  # type: ignore[import-untyped] # ships no types

from service_kit.errors import ServiceError
from service_kit.methods import Method
from service_kit.requests import check

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


class CallContext:
    """One call: who asks for what, and how long an answer is still of use."""

    __slots__ = (
        "_method",
        "_peer",
        "_status_of",
        "actor",
        "bytes_received",
        "bytes_sent",
        "deadline",
        "interruption",
        "is_interrupted",
        "is_request_id_given",
        "items_sent",
        "request_id",
        "sharing",
        "started",
        "task",
        "timer",
    )

    def __init__(
        self,
        *,
        method: Method,
        task: asyncio.Task[Any],
        request_id: str,
        is_request_id_given: bool,
        actor: str,
        started: float,
        deadline: float,
        peer: Callable[[], str],
        status_of: Callable[["CallContext", Exception], status_pb2.Status],
    ) -> None:
        self.request_id = request_id
        self.is_request_id_given = is_request_id_given
        self.actor = actor
        # Both by time.monotonic, which is the event loop's clock; without a deadline it is infinite.
        self.started = started
        self.deadline = deadline
        self.interruption: ServiceError | None = None
        # It was the interruption, and not the caller, that ended the handler.
        self.is_interrupted = False
        # Either is what will end the call at its deadline.
        self.timer: asyncio.TimerHandle | None = None
        self.sharing: set[CallContext] | None = None
        self.bytes_received = 0
        self.bytes_sent = 0
        self.items_sent = 0
        self._peer = peer
        self._method = method
        self.task = task
        self._status_of = status_of

    @property
    def method(self) -> str:
        """The RPC as package.Service/Rpc."""
        return self._method.name

    @property
    def peer(self) -> str:
        """The caller's address as the engine knows it."""
        return self._peer()

    def remaining_seconds(self) -> float:
        """Answer the time left until the deadline: 0 when it is over, infinite without one."""
        return max(0.0, self.deadline - time.monotonic())

    def interrupt(self, refusal: ServiceError) -> None:
        """End the call with this refusal from outside of its task, wherever its handler waits."""
        if self.interruption is None:
            self.interruption = refusal
            self.task.cancel()

    def check(self, request: Message, item: Message | None = None) -> None:
        """Raise ServiceError when a request breaks its rules, for methods that check each item themselves.

        `item` is the part of the request that has all of its rules, when it is there.
        """
        check(request, refuses_unknown_fields=self._method.refuses_unknown_fields, item=item)

    def status_of(self, error: Exception) -> status_pb2.Status:
        """Answer the status of one item's failure, as the caller may see it; defects are hidden."""
        return self._status_of(self, error)


def set_deadline(deadline: float) -> None:
    """Make the deadline known to everything that the current task calls."""
    _deadline.set(deadline)


def remaining_seconds() -> float:
    """Answer the time left to the call that the current task serves; infinite outside of a call."""
    return max(0.0, _deadline.get() - time.monotonic())
