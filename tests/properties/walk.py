"""A list of one customer's orders, walked a page at a time, over any break."""

from collections.abc import Mapping
from typing import Any

import grpc
from diptych.consistency.v1.consistency_pb2 import Consistency
from diptych.orders.v1 import order_query_service_pb2 as queries

from tests.properties.recorded_client import RecordedClient

RPC = "ListOrders"
_SECONDS = 60.0


class Walk:
    """`rows` are the ids that came; `must_come` are those that were surely there at the start, and whose
    place in the list never changes."""

    def __init__(
        self, client: RecordedClient, name: str, customer_id: str, page_size: int, consistency: Consistency
    ) -> None:
        self._client = client
        self._name = name
        self._request = queries.ListOrdersRequest(customer_id=customer_id, page_size=page_size)
        self._request.consistency.CopyFrom(consistency)
        self._call: Any = None
        self._number = 0
        self.pages = 0
        self.rows: list[str] = []
        self.must_come: set[str] = set()
        self.is_over = False
        self.is_complete = False

    def advance(self, stub: Any) -> Mapping[str, Any] | None:
        """Take the next page; a refusal's code and reason, where there is one. A broken stream is resumed."""
        if self._call is None:
            self._number = self._client.scan(RPC, self._request, self._page())
            self._call = stub.ListOrders(self._request, timeout=_SECONDS)
        try:
            answer = next(self._call)
        except grpc.RpcError as error:
            self._call = None
            told = self._client.broken(self._number, RPC, error)
            if told.code == "FAILED_PRECONDITION":
                # What the list was begun on is gone, and the client is told so.
                self.is_over = True
            return {"code": told.code, "reason": told.reason}
        rows = [order.order_id for order in answer.orders]
        is_last = not answer.next_page_token
        page = self._page(is_last=is_last)
        self._client.page(self._number, RPC, answer, page, rows)
        self.pages += 1
        self.rows += rows
        self._request.page_token = answer.next_page_token
        self.is_over = self.is_complete = is_last
        return None

    def abandon(self) -> None:
        """Leave it where it is."""
        if self._call is not None:
            self._call.cancel()
        self.is_over = True

    def faults(self) -> list[str]:
        """What is wrong with the rows so far."""
        found = [f"{row} came twice" for row in set(self.rows) if self.rows.count(row) > 1]
        if self.is_complete:
            found += [f"{row} never came" for row in self.must_come - set(self.rows)]
        return [f"list {self._name}: {each}" for each in found]

    def _page(self, *, is_last: bool = False) -> dict[str, Any]:
        return {"scan": self._name, "n": self.pages + 1, "last": is_last}
