"""What each list must hold and in which order, by its request and plain documents."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diptych.families.v1 import family_query_service_pb2 as families
from diptych.families.v1 import scores_pb2
from diptych.families.v1 import views_pb2 as family_views
from diptych.orders.v1 import order_query_service_pb2 as orders
from diptych.orders.v1 import views_pb2 as order_views

from tests.plain import plain
from tests.plain_text import term_of

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`field` and `id_field` are those of its pages' messages."""

    view: str
    field: str
    id_field: str
    matches: Callable[[Fields, Any], bool]
    place: Callable[[Fields, Any], Any]
    is_descending: Callable[[Any], bool]


def _name(enum: Any, number: int, prefix: str) -> str:
    return str(enum.Name(number)).removeprefix(prefix)


def _is_listed_order(order: Fields, request: Any) -> bool:
    status = _name(order_views.OrderStatus, request.status, "ORDER_STATUS_")
    return (
        status in ("UNSPECIFIED", order["status"])
        and request.customer_id in ("", order["customer_id"])
        and (not _is_set(request, "is_high_value") or request.is_high_value == order["is_high_value"])
        and (not _is_set(request, "placed_from") or order["placed_at"] >= plain(request.placed_from))
        and (not _is_set(request, "placed_to") or order["placed_at"] < plain(request.placed_to))
    )


def _is_set(request: Any, name: str) -> bool:
    return name in request.DESCRIPTOR.fields_by_name and request.HasField(name)


def _order_place(order: Fields, request: Any) -> Any:
    by_total = getattr(request, "order_by", 0) == orders.ORDER_BY_TOTAL
    return order["total_cents" if by_total else "placed_at"]


def _is_found_order(order: Fields, request: Any) -> bool:
    lines = term_of(f"{order['customer_name']}\n{order['customer_email']}").split("\n")
    return any(term_of(request.term) in line for line in lines)


def _search_place(order: Fields, _request: Any) -> Any:
    return term_of(f"{order['customer_name']}\n{order['customer_email']}").encode(), -_since(order)


def _since(order: Fields) -> float:
    return float(order["placed_at"].timestamp())


def _is_listed_product(product: Fields, request: Any) -> bool:
    below = request.low_stock_below if request.HasField("low_stock_below") else None
    return below is None or int(product["available"]) < below


def _product_place(product: Fields, request: Any) -> Any:
    if request.order_by == orders.PRODUCT_ORDER_BY_AVAILABLE:
        return product["available"]
    return term_of(product["name"]).encode()


def _is_listed_family(family: Fields, request: Any) -> bool:
    status = _name(family_views.FamilyStatus, request.status, "FAMILY_STATUS_")
    tier = _name(scores_pb2.RiskTier, request.risk_tier, "RISK_TIER_")
    return status in ("UNSPECIFIED", family["status"]) and tier in ("UNSPECIFIED", family["risk_tier"])


def _family_place(family: Fields, request: Any) -> Any:
    match request.order_by:
        case families.FAMILY_ORDER_BY_RISK:
            return family["risk_score"]
        case families.FAMILY_ORDER_BY_ENGAGEMENT:
            return family["engagement_score"]
        case families.FAMILY_ORDER_BY_ENROLLMENT_DATE:
            return family["enrollment_date"]
    return term_of("\n".join((family["family_name"], *family["children_names"]))).encode()


def _families_descend(request: Any) -> bool:
    unspecified = families.FAMILY_ORDER_BY_UNSPECIFIED
    by_name = request.order_by in (unspecified, families.FAMILY_ORDER_BY_NAME)
    return bool(request.is_reversed) == by_name


def _is_at_risk(family: Fields, request: Any) -> bool:
    least = request.min_risk_score if request.HasField("min_risk_score") else 70
    return family["status"] != "WITHDRAWN" and int(family["risk_score"]) >= least


LISTINGS = {
    "ListOrders": Listing(
        view="order_summary",
        field="orders",
        id_field="order_id",
        matches=_is_listed_order,
        place=_order_place,
        is_descending=lambda request: not request.is_ascending,
    ),
    "ListCustomerOrders": Listing(
        view="order_summary",
        field="orders",
        id_field="order_id",
        matches=_is_listed_order,
        place=_order_place,
        is_descending=lambda _: True,
    ),
    "SearchOrders": Listing(
        view="order_summary",
        field="orders",
        id_field="order_id",
        matches=_is_found_order,
        place=_search_place,
        is_descending=lambda _: False,
    ),
    "ListProducts": Listing(
        view="product",
        field="products",
        id_field="sku",
        matches=_is_listed_product,
        place=_product_place,
        is_descending=lambda request: bool(request.is_descending),
    ),
    "ListFamilies": Listing(
        view="family_summary",
        field="families",
        id_field="family_id",
        matches=_is_listed_family,
        place=_family_place,
        is_descending=_families_descend,
    ),
    "ListAtRiskFamilies": Listing(
        view="at_risk_family",
        field="families",
        id_field="family_id",
        matches=_is_at_risk,
        place=lambda family, _: (family["intervention_priority"], family["risk_score"]),
        is_descending=lambda _: True,
    ),
}
