"""Watches of one order and of all that meet filters."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from diptych.orders.v1.order_query_service_pb2 import WatchOrderRequest, WatchOrdersRequest
from diptych.orders.v1.views_pb2 import OrderSummary

from read_service import encoding
from read_service.freshness import Answer
from read_service.orders.filters import OrderFilters, all_probes, filters_of, lasting_probes
from read_service.refusals import not_found
from read_service.watch import Watch
from read_store import Document, Page, PageRows, Row, changed_index

_BATCH_ROWS = 500


async def watch_order(watch: Watch, request: WatchOrderRequest) -> AsyncGenerator[bytes, None]:
    """Yield the order's state, then each newer one; raise ServiceError ORDER_NOT_FOUND."""
    resume_after = await watch.begin(request)
    through = -1 if resume_after is None else resume_after
    document, is_known = Document(view="order_details", id=request.order_id), False
    async with aclosing(watch.beats()) as beats:
        async for is_heartbeat_due in beats:
            answer = await watch.look((document,))
            row: Row | None = answer.results[0]
            if row is None and not is_known:
                raise not_found(answer.checkpoint, "ORDER_NOT_FOUND", order_id=request.order_id)
            is_known = True
            is_news = row is not None and row.position > through
            # While a read model is filled anew it is behind what was sent already.
            through = max(through, answer.checkpoint.position)
            place = encoding.fields(2, (_token(watch, answer, through),)) + encoding.field(
                3, watch.reads.describe(answer)
            )
            if row is not None and is_news:
                watch.sent()
                yield encoding.field(1, row.message) + place
            elif is_heartbeat_due:
                watch.sent()
                yield place + encoding.flag(4)


async def watch_orders(watch: Watch, request: WatchOrdersRequest) -> AsyncGenerator[bytes, None]:
    """Yield the orders that meet the filters, then those that change, and the ids of those that leave."""
    changes = _Changes(filters_of(request), await watch.begin(request))
    async with aclosing(watch.beats()) as beats:
        async for is_heartbeat_due in beats:
            has_more, is_silent = True, True
            while has_more:
                answer = await watch.look((changes.operation(),))
                has_more = changes.take(answer)
                if changes.is_news:
                    is_silent = False
                    watch.sent()
                    yield _batch(watch, answer, changes)
            if is_silent and is_heartbeat_due:
                watch.sent()
                yield _batch(watch, answer, changes) + encoding.flag(5)


@dataclass(slots=True)
class _Changes:
    """The walk of a watch through the orders by the position of their last change.

    `through`: all that changed up to here was sent. Until `start` only orders that meet the filters are
    looked at; one that changes after that moves behind it, and is then seen to have stayed or left.
    """

    filters: OrderFilters
    resume_after: int | None
    through: int = 0
    start: int | None = None
    is_begun: bool = False
    is_caught_up: bool = False
    is_news: bool = False
    orders: list[bytes] = field(default_factory=list)
    left_ids: list[str] = field(default_factory=list)

    def operation(self) -> Page:
        """Answer the operation that reads the next orders."""
        is_start = self.start is not None or (not self.is_begun and self.resume_after is None)
        probes = all_probes(self.filters) if is_start else lasting_probes(self.filters)
        if not self.is_begun:
            self.through = self.resume_after or 0
        return Page(
            view="order_summary",
            indexes=(changed_index("order_summary"),),
            limit=_BATCH_ROWS,
            min=self.through + 1,
            max=self.start,
            probes=probes,
        )

    def take(self, answer: Answer) -> bool:
        """Take what was read; answer whether there is more to read at once."""
        page: PageRows = answer.results[0]
        place = answer.checkpoint.position
        if not self.is_begun and self.resume_after is None:
            self.start = place
        self.is_begun = True
        self._sort_out(page.rows, is_start=self.start is not None)
        is_end = page.next is None
        if page.next is not None:
            self.through = page.next[0]
        else:
            self.through = max(self.through, place if self.start is None else self.start)
        self._note(is_caught_up=is_end)
        if is_end:
            self.start = None
        # Beyond the start, what has changed since then comes next.
        return not is_end or self.through < place

    def _sort_out(self, rows: list[Row], *, is_start: bool) -> None:
        self.orders, self.left_ids = [], []
        for row in rows:
            if is_start or self.filters.holds_still(OrderSummary.FromString(row.message)):
                self.orders.append(row.message)
            else:
                self.left_ids.append(row.id)

    def _note(self, *, is_caught_up: bool) -> None:
        self.is_news = bool(self.orders or self.left_ids) or (is_caught_up and not self.is_caught_up)
        self.is_caught_up = self.is_caught_up or is_caught_up


def _batch(watch: Watch, answer: Answer, changes: _Changes) -> bytes:
    return b"".join(
        (
            encoding.fields(1, changes.orders),
            encoding.fields(2, (id_.encode() for id_ in changes.left_ids)),
            encoding.field(3, _token(watch, answer, changes.through)),
            encoding.field(4, watch.reads.describe(answer)),
            encoding.flag(6) if changes.is_caught_up else b"",
        )
    )


def _token(watch: Watch, answer: Answer, position: int) -> bytes:
    return watch.reads.token_at(answer.checkpoint, position).SerializeToString()
