"""OrderQueryService: each RPC by name, answered by the file of its subject."""

from collections.abc import AsyncGenerator

from diptych.orders.v1 import order_query_service_pb2 as queries

from read_service.changes import watch_list
from read_service.entities import get_entity, watch_entity
from read_service.freshness import FreshReads
from read_service.orders.dashboard import get_order_dashboard
from read_service.orders.entities import customer_of, order_of, product_of
from read_service.orders.lists import list_customer_orders, list_orders, list_products
from read_service.orders.sales_report import get_sales_report
from read_service.orders.search import search_orders
from read_service.orders.watches import watched_orders
from read_service.pages import Pages
from read_service.reports import Reports
from read_service.watch import HEARTBEAT_SECONDS, Watch
from service_kit.context import CallContext

# The RPCs that go on until one side ends them.
ENDLESS = frozenset(("WatchOrder", "WatchOrders"))

Responses = AsyncGenerator[bytes, None] | Pages


class OrderQueryService:
    """Answers with the bytes of responses, which are joined from what is stored."""

    def __init__(
        self, reads: FreshReads, *, token_key: bytes, heartbeat_seconds: float = HEARTBEAT_SECONDS
    ) -> None:
        self._reads = reads
        self._reports = Reports(reads)
        self._token_key = token_key
        self._heartbeat_seconds = heartbeat_seconds

    async def get_order(self, request: queries.GetOrderRequest, _context: CallContext) -> bytes:
        return await get_entity(self._reads, request.consistency, order_of(request.order_id))

    def list_orders(self, request: queries.ListOrdersRequest, _context: CallContext) -> Responses:
        return list_orders(self._reads, request, self._token_key)

    def search_orders(self, request: queries.SearchOrdersRequest, _context: CallContext) -> Responses:
        return search_orders(self._reads, request, self._token_key)

    async def get_order_dashboard(
        self, request: queries.GetOrderDashboardRequest, _context: CallContext
    ) -> bytes:
        return await get_order_dashboard(self._reports, request, self._token_key)

    async def get_customer(self, request: queries.GetCustomerRequest, _context: CallContext) -> bytes:
        return await get_entity(self._reads, request.consistency, customer_of(request.customer_id))

    def list_customer_orders(
        self, request: queries.ListCustomerOrdersRequest, _context: CallContext
    ) -> Responses:
        return list_customer_orders(self._reads, request, self._token_key)

    async def get_product(self, request: queries.GetProductRequest, _context: CallContext) -> bytes:
        return await get_entity(self._reads, request.consistency, product_of(request.sku))

    def list_products(self, request: queries.ListProductsRequest, _context: CallContext) -> Responses:
        return list_products(self._reads, request, self._token_key)

    async def get_sales_report(self, request: queries.GetSalesReportRequest, _context: CallContext) -> bytes:
        return await get_sales_report(self._reports, request)

    def watch_order(self, request: queries.WatchOrderRequest, _context: CallContext) -> Responses:
        return watch_entity(self._watch(), request, order_of(request.order_id))

    def watch_orders(self, request: queries.WatchOrdersRequest, _context: CallContext) -> Responses:
        return watch_list(self._watch(), request, watched_orders(request))

    def _watch(self) -> Watch:
        return Watch(self._reads, self._heartbeat_seconds)
