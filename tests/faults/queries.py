"""Random queries of both domains: one entity, or a list walked to its end page by page."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diptych.families.v1 import family_query_service_pb2 as families
from diptych.orders.v1 import order_query_service_pb2 as orders
from diptych.orders.v1.views_pb2 import OrderStatus

from tests.faults.traffic import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A request of one entity: `view` as its projection calls it, `field` of the response that holds it."""

    service: str
    rpc: str
    request: Any
    view: str
    id: str
    field: str

    @property
    def stream(self) -> str:
        """The stream that a token of a command about the entity names."""
        category = {"order_details": "order", "family_details": "family", "tuition_account": "family"}
        return f"{category.get(self.view, self.view)}-{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A list to walk: `rows` and `key` name the field of a page and the id of a row in it."""

    service: str
    rpc: str
    request: Any
    rows: str
    key: str


def random_query(scene: Scene, chance: random.Random) -> Query:
    """One entity that may well exist."""
    kinds: list[Callable[[Scene, random.Random], Query]] = [_customer, _product, _family, _account]
    if scene.orders:
        kinds += [_order] * 4
    return chance.choice(kinds)(scene, chance)


def query_of(stream: str) -> Query | None:
    """The entity that a stream is, where a query answers it."""
    for category, make in _OF_CATEGORY.items():
        if stream.startswith(f"{category}-"):
            return make(stream.removeprefix(f"{category}-"))
    return None


def random_scan(scene: Scene, chance: random.Random) -> Scan:
    """A list of a random kind, its pages so small that it takes several."""
    return chance.choice(_SCANS)(scene, chance)


def order_query(order_id: str) -> Query:
    """One order."""
    return Query(
        service="orders",
        rpc="GetOrder",
        request=orders.GetOrderRequest(order_id=order_id),
        view="order_details",
        id=order_id,
        field="order",
    )


def customer_query(customer_id: str) -> Query:
    """One customer."""
    return Query(
        service="orders",
        rpc="GetCustomer",
        request=orders.GetCustomerRequest(customer_id=customer_id),
        view="customer",
        id=customer_id,
        field="customer",
    )


def product_query(sku: str) -> Query:
    """One product."""
    return Query(
        service="orders",
        rpc="GetProduct",
        request=orders.GetProductRequest(sku=sku),
        view="product",
        id=sku,
        field="product",
    )


def family_query(family_id: str) -> Query:
    """One family."""
    return Query(
        service="families",
        rpc="GetFamily",
        request=families.GetFamilyRequest(family_id=family_id),
        view="family_details",
        id=family_id,
        field="family",
    )


_OF_CATEGORY: dict[str, Callable[[str], Query]] = {
    "order": order_query,
    "customer": customer_query,
    "product": product_query,
    "family": family_query,
}


def _order(scene: Scene, chance: random.Random) -> Query:
    return order_query(chance.choice(scene.orders))


def _customer(scene: Scene, chance: random.Random) -> Query:
    return customer_query(chance.choice(scene.customers))


def _product(scene: Scene, chance: random.Random) -> Query:
    return product_query(chance.choice(scene.skus))


def _family(scene: Scene, chance: random.Random) -> Query:
    return family_query(chance.choice(scene.families))


def _account(scene: Scene, chance: random.Random) -> Query:
    family_id = chance.choice(scene.families)
    return Query(
        service="families",
        rpc="GetTuitionAccount",
        request=families.GetTuitionAccountRequest(family_id=family_id),
        view="tuition_account",
        id=family_id,
        field="account",
    )


def _list_orders(scene: Scene, chance: random.Random) -> Scan:
    request = orders.ListOrdersRequest(page_size=chance.choice((3, 10, 50)))
    if chance.random() < 0.5:
        request.status = chance.choice(OrderStatus.values()[1:])
    if chance.random() < 0.3:
        request.customer_id = chance.choice(scene.customers)
    if chance.random() < 0.3:
        request.order_by = orders.ORDER_BY_TOTAL
    request.is_ascending = chance.random() < 0.5
    return Scan(service="orders", rpc="ListOrders", request=request, rows="orders", key="order_id")


def _list_products(scene: Scene, chance: random.Random) -> Scan:
    request = orders.ListProductsRequest(page_size=2, is_descending=chance.random() < 0.5)
    request.order_by = chance.choice((orders.PRODUCT_ORDER_BY_NAME, orders.PRODUCT_ORDER_BY_AVAILABLE))
    return Scan(service="orders", rpc="ListProducts", request=request, rows="products", key="sku")


def _list_families(scene: Scene, chance: random.Random) -> Scan:
    request = families.ListFamiliesRequest(page_size=3, is_reversed=chance.random() < 0.5)
    request.order_by = chance.choice((families.FAMILY_ORDER_BY_NAME, families.FAMILY_ORDER_BY_RISK))
    return Scan(service="families", rpc="ListFamilies", request=request, rows="families", key="family_id")


def _list_at_risk(scene: Scene, chance: random.Random) -> Scan:
    request = families.ListAtRiskFamiliesRequest(page_size=2, min_risk_score=chance.choice((40, 70)))
    return Scan(
        service="families", rpc="ListAtRiskFamilies", request=request, rows="families", key="family_id"
    )


_SCANS: Sequence[Callable[[Scene, random.Random], Scan]] = (
    _list_orders,
    _list_orders,
    _list_products,
    _list_families,
    _list_at_risk,
)
