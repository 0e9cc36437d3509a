"""How many calls may be under way, and which of them a drain ends."""

from service_kit.context import CallContext
from service_kit.methods import CallKind, Method
from service_kit.refusals import overloaded, shutting_down


class Admission:
    """Counts unary calls and streams apart, so that watchers can't keep commands out.

    Exempt methods (health, reflection) are neither counted nor refused.
    """

    def __init__(self, *, max_calls: int, max_streams: int) -> None:
        self._max_calls = max_calls
        self._max_streams = max_streams
        self._calls = 0
        self._streams = 0
        self._endless: set[CallContext] = set()
        self._is_draining = False
        # How many calls came after the drain began.
        self.latecomers = 0

    def enter(self, method: Method, call: CallContext) -> None:
        """Count a call in; raise ServiceError when there is no room or the process is draining."""
        if method.is_exempt:
            return
        if self._is_draining:
            self.latecomers += 1
            raise shutting_down()
        if method.kind is CallKind.UNARY:
            self._calls = _one_more(self._calls, self._max_calls)
        else:
            self._streams = _one_more(self._streams, self._max_streams)
        if method.is_endless:
            self._endless.add(call)

    def leave(self, method: Method, call: CallContext) -> None:
        """Count a call out that `enter` let in."""
        if method.is_exempt:
            return
        if method.kind is CallKind.UNARY:
            self._calls -= 1
        else:
            self._streams -= 1
        if method.is_endless:
            self._endless.discard(call)

    def drain(self) -> None:
        """Refuse new calls and interrupt the endless ones; what else is under way goes on."""
        self._is_draining = True
        for call in self._endless:
            call.interrupt(shutting_down())


def _one_more(under_way: int, limit: int) -> int:
    if under_way >= limit:
        raise overloaded(limit)
    return under_way + 1
