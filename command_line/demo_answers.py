"""Shows on the terminal what the read service answers after the demo's commands."""

from collections.abc import Sequence

from diptych.consistency.v1.consistency_pb2 import Consistency, ConsistencyToken
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import order_query_service_pb2_grpc as stubs
from diptych.orders.v1 import views_pb2 as views
from google.protobuf.duration_pb2 import Duration
from rich.console import Console
from rich.table import Table

from service_kit.channels import open_channel

DEADLINE_SECONDS = 60


def show_answers(console: Console, read_address: str, token: ConsistencyToken) -> None:
    """Ask four queries that include everything up to the token. Raises grpc.RpcError."""
    fresh = Consistency(at_least_as_fresh=token, max_wait=Duration(seconds=30))
    with open_channel(read_address) as channel:
        stub = stubs.OrderQueryServiceStub(channel)
        console.print(
            _dashboard(stub, fresh), _sales(stub, fresh), _low_stock(stub, fresh), _found(stub, fresh)
        )


def _dashboard(stub: stubs.OrderQueryServiceStub, fresh: Consistency) -> Table:
    request = queries.GetOrderDashboardRequest(consistency=fresh, page_size=1)
    dashboard = stub.GetOrderDashboard(request, timeout=DEADLINE_SECONDS).dashboard
    shown = table("GetOrderDashboard", "", "orders")
    for count in dashboard.counts:
        shown.add_row(_status(count.status), f"{count.orders:,}")
    shown.add_row("all", f"{dashboard.total_count:,}")
    shown.add_row("over 1,000.00", f"{dashboard.high_value_count:,}")
    shown.add_row("open revenue", money(dashboard.open_revenue_cents, dashboard.currency_code))
    shown.add_row("total revenue", money(dashboard.total_revenue_cents, dashboard.currency_code))
    return shown


def _sales(stub: stubs.OrderQueryServiceStub, fresh: Consistency) -> Table:
    request = queries.GetSalesReportRequest(consistency=fresh)
    rows = stub.GetSalesReport(request, timeout=DEADLINE_SECONDS).rows
    shown = table("GetSalesReport", "day", "orders", "units", "gross", "credit", "net")
    for row in rows[-5:]:
        cents = (row.gross_cents, row.credit_cents, row.net_cents)
        shown.add_row(
            f"{row.period.year}-{row.period.month:02}-{row.period.day:02}",
            f"{row.orders:,}",
            f"{row.units:,}",
            *(money(amount, row.currency_code) for amount in cents),
        )
    return shown


def _low_stock(stub: stubs.OrderQueryServiceStub, fresh: Consistency) -> Table:
    request = queries.ListProductsRequest(
        consistency=fresh,
        low_stock_below=10,
        order_by=queries.PRODUCT_ORDER_BY_AVAILABLE,
        is_descending=True,
        limit=5,
    )
    shown = table("ListProducts low_stock_below 10", "product", "received", "reserved", "sold", "available")
    for page in stub.ListProducts(request, timeout=DEADLINE_SECONDS):
        for product in page.products:
            stock = (product.received, product.reserved, product.sold, product.available)
            shown.add_row(product.name, *(f"{units:,}" for units in stock))
    return shown


def _found(stub: stubs.OrderQueryServiceStub, fresh: Consistency) -> Table:
    request = queries.SearchOrdersRequest(consistency=fresh, term="muller", limit=5)
    shown = table('SearchOrders "muller"', "order", "customer", "status", "total")
    for page in stub.SearchOrders(request, timeout=DEADLINE_SECONDS):
        for order in page.orders:
            shown.add_row(order.order_id, order.customer_name, _status(order.status), order.formatted_total)
    return shown


def table(title: str, *columns: str) -> Table:
    """An empty table; its first column is text, the others are numbers."""
    made = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left")
    return made


def money(cents: int, currency_code: str) -> str:
    """An amount as people write it."""
    return f"{cents / 100:,.2f} {currency_code}"


def _status(status: "views.OrderStatus.ValueType") -> str:
    return views.OrderStatus.Name(status).removeprefix("ORDER_STATUS_").lower()


def calls(grpcurl: str, write_address: str, read_address: str) -> Sequence[str]:
    """grpcurl calls that go on from here."""
    command, query = "diptych.orders.v1.OrderCommandService", "diptych.orders.v1.OrderQueryService"
    families = "diptych.families.v1.FamilyQueryService"
    approve = '{"context":{"command_id":"\'$(uuidgen)\'"},"order_id":"demo-pending","approved_by":"me"}'
    return (
        f"""{grpcurl} -d '{{"order_id":"demo-pending"}}' {read_address} {query}/GetOrder""",
        f"""{grpcurl} -d '{approve}' {write_address} {command}/ApproveOrder""",
        f"""{grpcurl} -d '{{"term":"muller"}}' {read_address} {query}/SearchOrders""",
        f"""{grpcurl} -d '{{"customer_id":"guest"}}' {read_address} {query}/GetCustomer""",
        f"""{grpcurl} -d '{{"split_by_country":true}}' {read_address} {query}/GetSalesReport""",
        f"""{grpcurl} -d '{{"family_id":"demo-okafor"}}' {read_address} {families}/GetFamily""",
        f"""{grpcurl} {read_address} {families}/WatchAtRiskFamilies""",
        f"""{grpcurl} -d '{{"filter":{{"correlation_id":"demo"}}}}' {write_address} """
        """diptych.eventlog.v1.EventLogService/ReadAll""",
    )
