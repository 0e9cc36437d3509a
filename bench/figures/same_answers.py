"""What is compared must answer the same: the plain service's tables hold what the read models do."""

from diptych.families.v1.family_query_service_pb2 import GetFamiliesByRiskTierResponse
from diptych.orders.v1.order_query_service_pb2 import (
    GetOrderDashboardResponse,
    GetOrderResponse,
    ListOrdersResponse,
)

from bench.figures.places import DASHBOARD, GET_ORDER, LIST_ORDERS, TIERS
from bench.load import requests
from bench.load.one_call import call_once
from bench.stand import Stand

_SAMPLE = 50


def check_orders(stand: Stand, plain: str) -> None:
    """Raises ValueError where single orders or the first page differ."""
    read, wanted = stand.stack.read_address, requests.OneOrder(orders=stand.sizes.orders).maker()
    for number in range(_SAMPLE):
        _compare(*(_order(address, wanted(number)) for address in (read, plain)))
    _compare(*(_page(address) for address in (read, plain)))


def check_reports(stand: Stand, plain: str) -> None:
    """Raises ValueError where the dashboard or the tiers differ."""
    _compare(*(_dashboard(address) for address in (stand.stack.read_address, plain)))
    _compare(*(_tiers(address) for address in (stand.stack.read_address, plain)))


def _order(address: str, request: bytes) -> object:
    order = GetOrderResponse.FromString(call_once(address, GET_ORDER, request)[0]).order
    lines = [(line.sku, line.name, line.quantity, line.unit_price_cents) for line in order.items]
    amounts = (order.total_cents, order.currency_code, order.formatted_total, order.is_high_value)
    return order.order_id, order.customer_email, order.status, order.placed_at.seconds, amounts, lines


def _page(address: str) -> object:
    messages = call_once(address, LIST_ORDERS, requests.PAGE_OF_100.content)
    rows = [row for message in messages for row in ListOrdersResponse.FromString(message).orders]
    return [(row.order_id, row.customer_name, row.status, row.total_cents, row.unit_count) for row in rows]


def _dashboard(address: str) -> object:
    answer = call_once(address, DASHBOARD, requests.DASHBOARD.content)[0]
    dashboard = GetOrderDashboardResponse.FromString(answer).dashboard
    counts = sorted((count.status, count.orders) for count in dashboard.counts if count.orders)
    return counts, dashboard.total_count, dashboard.high_value_count, dashboard.total_revenue_cents


def _tiers(address: str) -> object:
    answer = GetFamiliesByRiskTierResponse.FromString(call_once(address, TIERS, requests.TIERS.content)[0])
    return sorted((tier.risk_tier, tier.families, round(tier.average_risk, 6)) for tier in answer.tiers)


def _compare(ours: object, plain: object) -> None:
    if ours != plain:
        raise ValueError(f"the read model answers {ours}, the tables {plain}")
