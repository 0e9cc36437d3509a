"""Search for orders by a part of the customer's name or e-mail address."""

from diptych.orders.v1.order_query_service_pb2 import SearchOrdersRequest

from read_service.freshness import FreshReads
from read_service.orders.lists import DEFAULT_SIZE
from read_service.page_tokens import PageTokens
from read_service.pages import Pages, stream_pages
from read_service.refusals import invalid_field
from read_service.walks import ANY_LIMIT, walk_through
from read_store import TextPage, fold_text


def search_orders(reads: FreshReads, request: SearchOrdersRequest, key: bytes) -> Pages:
    """Yield pages of orders by customer name, newest first for the same name."""
    if not fold_text(request.term):
        raise invalid_field("term", "has no letter or digit to search for")
    found = TextPage(
        view="order_summary", index="search", limit=ANY_LIMIT, query=request.term, ranks_descending=True
    )
    return stream_pages(
        reads,
        request,
        tokens=PageTokens("SearchOrders", request, key),
        walk=walk_through(found),
        default_size=DEFAULT_SIZE,
    )
