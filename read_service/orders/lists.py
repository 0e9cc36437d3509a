"""Lists of orders and of products."""

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
from read_service.orders.filters import OrderFilters, Range, filters_of, orders_page
from read_service.page_tokens import PageTokens
from read_service.pages import Pages, stream_pages
from read_service.walks import ANY_LIMIT, walk_encoded, walk_through
from read_store import Page, Probe, TextPage

DEFAULT_SIZE = 100
_CUSTOMER_ORDERS_SIZE = 20


def list_orders(reads: FreshReads, request: ListOrdersRequest, key: bytes) -> Pages:
    """Yield pages of all orders that meet the filters."""
    page = orders_page(filters_of(request), request.order_by, is_descending=not request.is_ascending)
    return stream_pages(
        reads,
        request,
        tokens=order_list_tokens(request, key),
        walk=walk_through(page),
        default_size=DEFAULT_SIZE,
    )


def order_list_tokens(request: ListOrdersRequest, key: bytes) -> PageTokens:
    """Answer the tokens of a list of orders; leaving a default out is the same as naming it."""
    bound = ListOrdersRequest()
    bound.CopyFrom(request)
    bound.order_by = request.order_by or ORDER_BY_PLACED_AT
    return PageTokens("ListOrders", bound, key)


def list_customer_orders(reads: FreshReads, request: ListCustomerOrdersRequest, key: bytes) -> Pages:
    """Yield pages of one customer's orders, newest first."""
    filters = OrderFilters(
        status=request.status, customer_id=request.customer_id, is_high_value=None, placed=Range()
    )
    return stream_pages(
        reads,
        request,
        tokens=PageTokens("ListCustomerOrders", request, key),
        walk=walk_through(orders_page(filters)),
        default_size=_CUSTOMER_ORDERS_SIZE,
    )


def list_products(reads: FreshReads, request: ListProductsRequest, key: bytes) -> Pages:
    """Yield pages of products by name or by stock."""
    bound = ListProductsRequest()
    bound.CopyFrom(request)
    bound.order_by = request.order_by or PRODUCT_ORDER_BY_NAME
    below = request.low_stock_below if request.HasField("low_stock_below") else None
    most = None if below is None else below - 1
    in_order = _by_stock if bound.order_by == PRODUCT_ORDER_BY_AVAILABLE else _by_name
    return stream_pages(
        reads,
        request,
        tokens=PageTokens("ListProducts", bound, key),
        walk=walk_encoded(in_order(most, is_descending=request.is_descending), product_message),
        default_size=DEFAULT_SIZE,
    )


def _by_stock(most: int | None, *, is_descending: bool) -> Page:
    return Page(
        view="product",
        indexes=("available",),
        limit=ANY_LIMIT,
        descending=is_descending,
        max=most,
        joins=("product_units",),
    )


def _by_name(most: int | None, *, is_descending: bool) -> TextPage:
    return TextPage(
        view="product",
        index="product_name",
        limit=ANY_LIMIT,
        descending=is_descending,
        ranks_descending=is_descending,
        probes=() if most is None else (Probe(index="available", max=most),),
        joins=("product_units",),
    )
