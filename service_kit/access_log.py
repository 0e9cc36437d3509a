"""What is kept of a call once it ended: one line and two numbers, nothing of its content."""

import asyncio
import sys
import time
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
_OK = grpc.StatusCode.OK
# What is the same in all lines of a method and a code: what stands before the time, and what behind it.
_Frame = tuple[str, str]
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
        self._is_flush_due = False
        # A status code's hash is a function of Python; nearly all calls do without.
        self._answered: dict[str, _Frame | None] = {}
        self._refused: dict[tuple[str, grpc.StatusCode], _Frame | None] = {}
        self._second, self._second_text = 0, ""

    def ended(self, method: Method, call: CallContext, code: grpc.StatusCode, reason: str = "") -> None:
        """Keep how a call ended."""
        seconds = time.monotonic() - call.started
        self._metrics.ended(method.name, code, seconds)
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        try:
            frame = self._answered[method.name] if code is _OK else self._refused[(method.name, code)]
        except KeyError:
            frame = self._framed(method, code)
        if frame is not None:
            self._pending.append(self._line(frame, call, reason, seconds))

    def flush(self) -> None:
        """Write the lines that wait, and hand over the counts."""
        self._is_flush_due = False
        lines, self._pending = self._pending, []
        if lines:
            self._lines.msg("\n".join(lines))
        self._metrics.hand_over()

    def abandoned(self, method: Method, call: CallContext) -> None:
        """Keep that a caller hung up or that its deadline passed while the call was under way."""
        is_late = call.remaining_seconds() <= 0
        self.ended(method, call, grpc.StatusCode.DEADLINE_EXCEEDED if is_late else grpc.StatusCode.CANCELLED)

    def defect(self, call: CallContext, error: BaseException) -> None:
        """Keep where an exception came from that no table knows; its text may hold a caller's data."""
        self._log.error("defect", method=call.method, request_id=call.request_id, **where_from(error))

    def _framed(self, method: Method, code: grpc.StatusCode) -> _Frame | None:
        level = _LEVEL_OF_CODE.get(code, "debug" if method.is_exempt else "info")
        frame = _frame(method.name, code, level) if self._log.is_enabled_for(LEVELS[level]) else None
        if code is _OK:
            self._answered[method.name] = frame
        else:
            self._refused[(method.name, code)] = frame
        return frame

    def _line(self, frame: _Frame, call: CallContext, reason: str, seconds: float) -> str:
        second, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
        # All lines of a second begin alike.
        if second != self._second:
            self._second, self._second_text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        before, after = frame
        # Reasons and request ids hold nothing that JSON would have to escape.
        return (
            f'{before}{self._second_text}.{microseconds:06}{after}{reason}", '
            f'"milliseconds": {seconds * 1000:.3f}, "request_id": "{call.request_id}", '
            f'"actor": {as_json(call.actor)}, "peer": {as_json(call.peer)}, "items_sent": {call.items_sent}, '
            f'"bytes_received": {call.bytes_received}, "bytes_sent": {call.bytes_sent}}}'
        )


def _frame(method: str, code: grpc.StatusCode, level: str) -> _Frame:
    # Names and codes hold nothing that JSON would have to escape either.
    return (
        f'{{"event": "call", "level": "{level}", "timestamp": "',
        f'Z", "method": "{method}", "code": "{code.name}", "reason": "',
    )
