"""Search for orders by a part of the customer's name or e-mail address."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from diptych.orders.v1.order_query_service_pb2 import SearchOrdersRequest
from diptych.orders.v1.views_pb2 import OrderSummary

from read_service.freshness import Answer, FreshReads
from read_service.orders.lists import DEFAULT_SIZE
from read_service.page_tokens import PageTokens, Place
from read_service.pages import Read, Rows, Walk, stream_pages
from read_service.refusals import generation_gone, invalid_field
from read_store import Operation, Page, PageRows, TextPage, TextPageRows, fold_text

# The text that is searched ends in a space and six letters that stand for the customer.
_MARK_LENGTH = 7
# After every id: ids are made of letters, digits and ._-
_PAST_ALL_IDS = "\x7f"
# How many reads one page may take before it is sent with what it has.
_READS = 200


def search_orders(reads: FreshReads, request: SearchOrdersRequest, key: bytes) -> AsyncGenerator[bytes, None]:
    """Yield pages of orders by customer name, newest first for the same customer."""
    query = fold_text(request.term)
    if not query:
        raise invalid_field("term", "has no letter or digit to search for")
    return stream_pages(
        reads,
        request,
        tokens=PageTokens("SearchOrders", request, key),
        walk=_walk(query),
        default_size=DEFAULT_SIZE,
    )


@dataclass(slots=True)
class _Search:
    """One page of a search under way: the text that it is at, and whose orders are being listed.

    `after` is the place (score, id) among the orders of `customer_id`; without a customer, the next one is
    looked for after `term`.
    """

    query: str
    limit: int
    term: str = ""
    customer_id: str = ""
    after: tuple[int, str] | None = None
    items: list[bytes] = field(default_factory=list)
    is_over: bool = False

    def operations(self) -> list[Operation[Any]]:
        """Look for the next customer, and read on in the orders of the one at hand."""
        following = (self.term, _PAST_ALL_IDS) if self.term else None
        next_customer = TextPage(
            view="order_summary", index="search", query=self.query, limit=1, after=following
        )
        if not self.customer_id:
            return [next_customer]
        orders = Page(
            view="order_summary",
            indexes=(f"placed/customer/{self.customer_id}",),
            limit=self.limit - len(self.items),
            descending=True,
            after=self.after,
        )
        return [next_customer, orders]

    def take(self, next_customer: TextPageRows, orders: PageRows | None) -> None:
        """Take the orders read; with the last of a customer go on to the next one."""
        if orders is not None:
            self._take_orders(orders)
            if orders.next is not None:
                self.after = orders.next
                return
        self.customer_id, self.after = "", None
        if next_customer.rows:
            row = next_customer.rows[0]
            summary = OrderSummary.FromString(row.message)
            self.term = row.term
            if self._is_meant(summary):
                self.customer_id = summary.customer_id
        elif next_customer.next is not None:
            self.term = next_customer.next[0]
        else:
            self.is_over = True

    def _take_orders(self, orders: PageRows) -> None:
        # The same customer may have placed other orders under another name.
        name_and_email = self.term[:-_MARK_LENGTH]
        for row in orders.rows:
            summary = OrderSummary.FromString(row.message)
            if fold_text(f"{summary.customer_name}\n{summary.customer_email}") == name_and_email:
                self.items.append(row.message)

    def _is_meant(self, summary: OrderSummary) -> bool:
        # The index also finds what is half in the name and half in the address.
        return self.query in fold_text(summary.customer_name) or self.query in fold_text(
            summary.customer_email
        )

    def place(self) -> Place | None:
        """Where the next page goes on."""
        return None if self.is_over else (self.term, self.customer_id, self.after)


def _walk(query: str) -> Walk:
    async def read_rows(read: Read, place: Place | None, limit: int) -> Rows:
        search = _Search(query, limit)
        if place is not None:
            search.term, search.customer_id = place[0], place[1]
            search.after = None if place[2] is None else (place[2][0], place[2][1])
        first: Answer | None = None
        for _ in range(_READS):
            answer = await read(search.operations())
            first = first or answer
            if answer.checkpoint.generation != first.checkpoint.generation:
                raise generation_gone()
            search.take(answer.results[0], answer.results[1] if len(answer.results) > 1 else None)
            if search.is_over or len(search.items) >= limit:
                break
        if first is None:
            raise AssertionError("a page takes at least one read")
        # The page holds at least what its first read was fresh enough for.
        return Rows(items=search.items, next=search.place(), answer=first)

    return read_rows
