"""What is kept of a call once it ended: one line and two numbers, nothing of its content."""

import asyncio
import sys
import time
from functools import lru_cache
from json.encoder import encode_basestring_ascii as as_json

import grpc
import structlog

from service_kit.context import CallContext
from service_kit.log import LEVELS, logger, where_from
from service_kit.methods import Method
from service_kit.metrics import CallMetrics

_LEVEL_OF_CODE = {
    grpc.StatusCode.INTERNAL: "error",
    grpc.StatusCode.UNAVAILABLE: "warning",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "warning",
}
# An enum's own `name` is looked up anew each time.
_NAMES = {code: code.name for code in grpc.StatusCode}
_FLUSH_SECONDS = 0.05


class AccessLog:
    """Writes a line and counts the metrics of each call.

    The line has the shape of all other log lines, but is put together here, and lines are written together
    20 times a second: one by one through the whole of structlog, they would be a call's dearest layer.
    """

    def __init__(self, metrics: CallMetrics) -> None:
        self._metrics = metrics
        self._log = logger().bind()
        self._lines = structlog.WriteLogger(sys.stderr)
        self._pending: list[str] = []

    def ended(self, method: Method, call: CallContext, code: grpc.StatusCode, reason: str = "") -> None:
        """Keep how a call ended."""
        seconds = time.monotonic() - call.started
        self._metrics.ended(method.name, code, seconds)
        level = _LEVEL_OF_CODE.get(code, "debug" if method.is_exempt else "info")
        if not self._log.is_enabled_for(LEVELS[level]):
            return
        if not self._pending:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        self._pending.append(_line(call, code, reason, seconds, level))

    def flush(self) -> None:
        """Write the lines that wait."""
        lines, self._pending = self._pending, []
        if lines:
            self._lines.msg("\n".join(lines))

    def abandoned(self, method: Method, call: CallContext) -> None:
        """Keep that a caller hung up or that its deadline passed while the call was under way."""
        is_late = call.remaining_seconds() <= 0
        self.ended(method, call, grpc.StatusCode.DEADLINE_EXCEEDED if is_late else grpc.StatusCode.CANCELLED)

    def defect(self, call: CallContext, error: BaseException) -> None:
        """Keep where an exception came from that no table knows; its text may hold a caller's data."""
        self._log.error("defect", method=call.method, request_id=call.request_id, **where_from(error))


def _time_of(microseconds: int) -> str:
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{_second(seconds)}.{rest:06}Z"


# All lines of a second begin alike.
@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _line(call: CallContext, code: grpc.StatusCode, reason: str, seconds: float, level: str) -> str:
    # Names, codes and request ids hold nothing that JSON would have to escape.
    return (
        f'{{"event": "call", "level": "{level}", "timestamp": "{_time_of(time.time_ns() // 1000)}", '
        f'"method": "{call.method}", "code": "{_NAMES[code]}", "reason": "{reason}", '
        f'"milliseconds": {seconds * 1000:.3f}, "request_id": "{call.request_id}", '
        f'"actor": {as_json(call.actor)}, "peer": {as_json(call.peer)}, "items_sent": {call.items_sent}, '
        f'"bytes_received": {call.bytes_received}, "bytes_sent": {call.bytes_sent}}}'
    )
