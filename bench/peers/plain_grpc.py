"""The plain thing over gRPC: grpc.aio, psycopg with its pool, tables and joins; the same messages.

python bench/peers/plain_grpc.py      (PLAIN_DATABASE_URL in the environment)
"""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import uvloop
from diptych.families.v1 import family_query_service_pb2 as family_queries
from diptych.families.v1.family_query_service_pb2_grpc import (
    FamilyQueryServiceServicer,
    add_FamilyQueryServiceServicer_to_server,
)
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import views_pb2 as views
from diptych.orders.v1.order_command_service_pb2_grpc import (
    OrderCommandServiceServicer,
    add_OrderCommandServiceServicer_to_server,
)
from diptych.orders.v1.order_query_service_pb2_grpc import (
    OrderQueryServiceServicer,
    add_OrderQueryServiceServicer_to_server,
)
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from bench.peers import plain_statements as statements

# More connections than this slow it down on four cores; fewer leave Postgres idle.
_CONNECTIONS = 16
Pool = AsyncConnectionPool[AsyncConnection[Any]]


class Commands(OrderCommandServiceServicer):
    """Inserts, each a transaction."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ReceiveStock(  # noqa: N802 - the name of the rpc
        self, request: commands.ReceiveStockRequest, context: Any
    ) -> commands.ReceiveStockResponse:
        """One row."""
        if not request.sku or not 1 <= request.quantity <= 1_000_000_000:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "sku and quantity are required")
        row = {"sku": request.sku, "quantity": request.quantity, "reference": request.reference}
        async with self._pool.connection() as connection:
            await connection.execute(statements.INSERT_DELIVERY, row)
        return commands.ReceiveStockResponse(sku=request.sku)

    async def PlaceOrder(  # noqa: N802
        self, request: commands.PlaceOrderRequest, context: Any
    ) -> commands.PlaceOrderResponse:
        """An order and its lines in one transaction; prices are looked up, stock is not kept."""
        skus = [item.sku for item in request.items]
        async with self._pool.connection() as connection, connection.transaction():
            found = await (await connection.execute(statements.PRICES, {"skus": skus})).fetchall()
            prices = {sku: price for sku, price, _ in found}
            if len(prices) != len(set(skus)):
                await context.abort(grpc.StatusCode.NOT_FOUND, "a product is not there")
            total = sum(item.quantity * prices[item.sku] for item in request.items)
            order = {
                "id": request.order_id,
                "customer_id": request.customer_id,
                "total_cents": total,
                "currency_code": found[0][2],
                "region_code": request.shipping_address.region_code,
            }
            await connection.execute(statements.INSERT_ORDER, order)
            lines = {
                "id": request.order_id,
                "skus": skus,
                "quantities": [item.quantity for item in request.items],
                "prices": [prices[sku] for sku in skus],
            }
            await connection.execute(statements.INSERT_LINES, lines)
        return commands.PlaceOrderResponse(
            order_id=request.order_id, total_cents=total, currency_code=order["currency_code"]
        )


class Queries(OrderQueryServiceServicer):
    """Joins and aggregates."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def GetOrder(  # noqa: N802
        self, request: queries.GetOrderRequest, context: Any
    ) -> queries.GetOrderResponse:
        """One order with its lines by one statement."""
        rows = await _rows(self._pool, statements.ORDER_WITH_LINES, id=request.order_id)
        if not rows:
            await context.abort(grpc.StatusCode.NOT_FOUND, "the order is not there")
        order = views.OrderDetails(item_count=len(rows), **_head(rows[0]))
        order.placed_at.FromDatetime(rows[0][7])
        order.last_updated.FromDatetime(rows[0][8])
        for row in rows:
            order.items.add(sku=row[11], quantity=row[12], unit_price_cents=row[13], name=row[14])
        return queries.GetOrderResponse(order=order)

    async def ListOrders(  # noqa: N802
        self, request: queries.ListOrdersRequest, _context: Any
    ) -> AsyncIterator[queries.ListOrdersResponse]:
        """The newest orders, as one message."""
        page = queries.ListOrdersResponse()
        for row in await _rows(self._pool, statements.NEWEST_ORDERS, limit=request.limit or 100):
            order = page.orders.add(item_count=row[11], unit_count=row[12], region_code=row[10], **_head(row))
            order.placed_at.FromDatetime(row[7])
            order.last_updated.FromDatetime(row[8])
        yield page

    async def GetOrderDashboard(  # noqa: N802
        self, _request: queries.GetOrderDashboardRequest, _context: Any
    ) -> queries.GetOrderDashboardResponse:
        """An aggregate over all orders."""
        dashboard = views.OrderDashboard()
        for status, currency_code, orders, high, cents in await _rows(self._pool, statements.DASHBOARD):
            dashboard.counts.add(status=status, orders=orders)
            dashboard.total_count += orders
            dashboard.high_value_count += high
            dashboard.currency_code = currency_code
            if status != views.ORDER_STATUS_CANCELLED:
                dashboard.total_revenue_cents += cents
        return queries.GetOrderDashboardResponse(dashboard=dashboard)


class FamilyQueries(FamilyQueryServiceServicer):
    """An aggregate over all families."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def GetFamiliesByRiskTier(  # noqa: N802
        self, _request: family_queries.GetFamiliesByRiskTierRequest, _context: Any
    ) -> family_queries.GetFamiliesByRiskTierResponse:
        """Families and the sum of their scores by tier."""
        answer = family_queries.GetFamiliesByRiskTierResponse()
        for tier, families, score in await _rows(self._pool, statements.TIERS):
            answer.tiers.add(risk_tier=tier, families=families, average_risk=score / families)
        return answer


async def _rows(pool: Pool, statement: str, **parameters: object) -> list[Any]:
    async with pool.connection() as connection:
        cursor = await connection.execute(statement, parameters)
        return await cursor.fetchall()


def _head(row: Any) -> dict[str, Any]:
    """The fields that details and rows of a list share."""
    return {
        "order_id": row[0],
        "customer_id": row[1],
        "customer_name": row[2],
        "customer_email": row[3],
        "status": row[4],
        "total_cents": row[5],
        "currency_code": row[6],
        "formatted_total": f"€{row[5] / 100:,.2f}",
        "is_high_value": row[5] > 100_000,
        "version": row[9],
    }


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)
    connection.prepare_threshold = 0


async def main() -> None:
    """Serve until the process is ended."""
    pool: Pool = AsyncConnectionPool(
        os.environ["PLAIN_DATABASE_URL"],
        min_size=_CONNECTIONS,
        max_size=_CONNECTIONS,
        configure=_configure,
        open=False,
    )
    await pool.open(wait=True)
    server = grpc.aio.server()
    add_OrderCommandServiceServicer_to_server(Commands(pool), server)
    add_OrderQueryServiceServicer_to_server(Queries(pool), server)
    add_FamilyQueryServiceServicer_to_server(FamilyQueries(pool), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"ready 127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
