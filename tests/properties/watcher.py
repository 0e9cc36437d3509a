"""A client that watches one order in a thread of its own, over any break, until it is told to end."""

import threading
import time
from typing import Any

import grpc
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1.views_pb2 import OrderStatus

from local_stack import processes

_PAUSE_SECONDS = 0.05
_LAWFUL = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.CANCELLED,
)


class Watcher:
    """`seen` are (version, status) in the order in which they came; `faults` what must never happen."""

    def __init__(self, stub: Any, order_id: str) -> None:
        self.order_id = order_id
        self.seen: list[tuple[int, str]] = []
        self.faults: list[str] = []
        self._stub = stub
        self._call: Any = None
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name=f"watch {order_id}", daemon=True)
        self._thread.start()

    def came_to(self, version: int, seconds: float) -> bool:
        """Whether that version was the last one seen, in time."""
        return processes.wait_until(lambda: bool(self.seen) and self.seen[-1][0] == version, seconds)

    def end(self) -> None:
        """Watch no longer."""
        self._is_over = True
        while self._thread.is_alive():
            if self._call is not None:
                self._call.cancel()
            self._thread.join(_PAUSE_SECONDS)

    def _run(self) -> None:
        resume_from: Any = None
        while not self._is_over:
            request = queries.WatchOrderRequest(order_id=self.order_id)
            if resume_from is not None:
                request.resume_from.CopyFrom(resume_from)
            self._call = self._stub.WatchOrder(request)
            try:
                for answer in self._call:
                    self._note(answer, is_first=resume_from is None)
                    resume_from = answer.changes_through
            except grpc.RpcError as error:
                if error.code() not in _LAWFUL:
                    self.faults.append(f"{error.code()} {error.details()}")
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    resume_from = None
            # No wait for anything: a client's pause before it tries again.
            time.sleep(_PAUSE_SECONDS)

    def _note(self, answer: Any, *, is_first: bool) -> None:
        if not answer.HasField("order"):
            return
        version = answer.order.version
        if not is_first and self.seen and version < self.seen[-1][0]:
            self.faults.append(f"version {version} after {self.seen[-1][0]}")
        self.seen.append((version, OrderStatus.Name(answer.order.status).removeprefix("ORDER_STATUS_")))
