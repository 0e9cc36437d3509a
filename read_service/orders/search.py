"""Search for orders by a part of the customer's name or e-mail address."""

from collections.abc import AsyncGenerator

from diptych.orders.v1.order_query_service_pb2 import SearchOrdersRequest

from read_service.freshness import FreshReads
from read_service.orders.lists import DEFAULT_SIZE
from read_service.page_tokens import PageTokens, Place
from read_service.pages import Read, Rows, Walk, stream_pages
from read_service.refusals import invalid_field
from read_store import TextPage, TextPageRows, fold_text


def search_orders(reads: FreshReads, request: SearchOrdersRequest, key: bytes) -> AsyncGenerator[bytes, None]:
    """Yield pages of orders by customer name, newest first for the same name."""
    if not fold_text(request.term):
        raise invalid_field("term", "has no letter or digit to search for")
    return stream_pages(
        reads,
        request,
        tokens=PageTokens("SearchOrders", request, key),
        walk=_walk(request.term),
        default_size=DEFAULT_SIZE,
    )


def _walk(term: str) -> Walk:
    async def read_rows(read: Read, place: Place | None, limit: int) -> Rows:
        operation = TextPage(
            view="order_summary",
            index="search",
            query=term,
            limit=limit,
            ranks_descending=True,
            after=None if place is None else (place[0], place[1], place[2]),
        )
        answer = await read((operation,))
        page: TextPageRows = answer.results[0]
        return Rows(items=[row.message for row in page.rows], next=page.next, answer=answer)

    return read_rows
