"""Lists of orders and of products."""

from collections.abc import AsyncGenerator

from diptych.orders.v1.order_query_service_pb2 import (
    ORDER_BY_PLACED_AT,
    PRODUCT_ORDER_BY_AVAILABLE,
    PRODUCT_ORDER_BY_NAME,
    ListCustomerOrdersRequest,
    ListOrdersRequest,
    ListProductsRequest,
)

from read_service.freshness import FreshReads
from read_service.orders.entities import product_message
from read_service.orders.filters import IndexWalk, OrderFilters, Range, filters_of, walk_of
from read_service.page_tokens import PageTokens, Place
from read_service.pages import Read, Rows, Walk, stream_pages
from read_store import Page, PageRows, Probe, TextPage, TextPageRows

DEFAULT_SIZE = 100
_CUSTOMER_ORDERS_SIZE = 20


def list_orders(reads: FreshReads, request: ListOrdersRequest, key: bytes) -> AsyncGenerator[bytes, None]:
    """Yield pages of all orders that meet the filters."""
    walk = walk_of(filters_of(request), request.order_by)
    return stream_pages(
        reads,
        request,
        tokens=order_list_tokens(request, key),
        walk=_orders_walk(walk, is_descending=not request.is_ascending),
        default_size=DEFAULT_SIZE,
    )


def order_list_tokens(request: ListOrdersRequest, key: bytes) -> PageTokens:
    """Answer the tokens of a list of orders; leaving a default out is the same as naming it."""
    bound = ListOrdersRequest()
    bound.CopyFrom(request)
    bound.order_by = request.order_by or ORDER_BY_PLACED_AT
    return PageTokens("ListOrders", bound, key)


def list_customer_orders(
    reads: FreshReads, request: ListCustomerOrdersRequest, key: bytes
) -> AsyncGenerator[bytes, None]:
    """Yield pages of one customer's orders, newest first."""
    filters = OrderFilters(
        status=request.status, customer_id=request.customer_id, is_high_value=None, placed=Range()
    )
    return stream_pages(
        reads,
        request,
        tokens=PageTokens("ListCustomerOrders", request, key),
        walk=_orders_walk(walk_of(filters), is_descending=True),
        default_size=_CUSTOMER_ORDERS_SIZE,
    )


def list_products(reads: FreshReads, request: ListProductsRequest, key: bytes) -> AsyncGenerator[bytes, None]:
    """Yield pages of products by name or by stock."""
    bound = ListProductsRequest()
    bound.CopyFrom(request)
    bound.order_by = request.order_by or PRODUCT_ORDER_BY_NAME
    below = request.low_stock_below if request.HasField("low_stock_below") else None
    most = None if below is None else below - 1
    if bound.order_by == PRODUCT_ORDER_BY_AVAILABLE:
        walk = _products_by_stock(most, is_descending=request.is_descending)
    else:
        walk = _products_by_name(most, is_descending=request.is_descending)
    return stream_pages(
        reads,
        request,
        tokens=PageTokens("ListProducts", bound, key),
        walk=walk,
        default_size=DEFAULT_SIZE,
    )


def orders_page(walk: IndexWalk, place: Place | None, limit: int, *, is_descending: bool) -> Page:
    """Answer the operation that reads a page of orders after a place (score, id)."""
    return Page(
        view="order_summary",
        indexes=walk.indexes,
        limit=limit,
        descending=is_descending,
        after=None if place is None else (place[0], place[1]),
        min=walk.range.first,
        max=walk.range.last,
        probes=walk.probes,
    )


def _orders_walk(walk: IndexWalk, *, is_descending: bool) -> Walk:
    async def read_rows(read: Read, place: Place | None, limit: int) -> Rows:
        answer = await read((orders_page(walk, place, limit, is_descending=is_descending),))
        page: PageRows = answer.results[0]
        return Rows(items=[row.message for row in page.rows], next=page.next, answer=answer)

    return read_rows


def _products_by_stock(most: int | None, *, is_descending: bool) -> Walk:
    async def read_rows(read: Read, place: Place | None, limit: int) -> Rows:
        operation = Page(
            view="product",
            indexes=("available",),
            limit=limit,
            descending=is_descending,
            after=None if place is None else (place[0], place[1]),
            max=most,
            joins=("product_units",),
        )
        answer = await read((operation,))
        page: PageRows = answer.results[0]
        return Rows(items=[product_message(row) for row in page.rows], next=page.next, answer=answer)

    return read_rows


def _products_by_name(most: int | None, *, is_descending: bool) -> Walk:
    probes = () if most is None else (Probe(index="available", max=most),)

    async def read_rows(read: Read, place: Place | None, limit: int) -> Rows:
        operation = TextPage(
            view="product",
            index="product_name",
            limit=limit,
            descending=is_descending,
            ranks_descending=is_descending,
            after=None if place is None else (place[0], place[1], place[2]),
            probes=probes,
            joins=("product_units",),
        )
        answer = await read((operation,))
        page: TextPageRows = answer.results[0]
        return Rows(items=[product_message(row) for row in page.rows], next=page.next, answer=answer)

    return read_rows
