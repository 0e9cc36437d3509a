"""The requests of deeds, and how what a query shows of an entity is told as the model tells it."""

from typing import Any

from diptych.command.v1.command_pb2 import CommandContext
from diptych.families.v1 import family_command_service_pb2 as families
from diptych.orders.v1 import order_command_service_pb2 as orders
from diptych.orders.v1.views_pb2 import CustomerStatus, OrderStatus
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from tests.faults.queries import Query, query_of
from tests.properties.possible_worlds import Deed, State

_FAMILY_KINDS = ("EnrollFamily", "UpdateRiskScore")


def service_of(kind: str) -> str:
    """The domain that takes a command of this kind."""
    return "families" if kind in _FAMILY_KINDS else "orders"


def request_of(deed: Deed, command_id: str) -> Any:
    """The request of a deed, the same each time."""
    context = CommandContext(command_id=command_id)
    if deed.expected_version is not None:
        context.expected_version = deed.expected_version
    module = families if deed.kind in _FAMILY_KINDS else orders
    return getattr(module, f"{deed.kind}Request")(context=context, **_fields(deed))


def _fields(deed: Deed) -> dict[str, Any]:  # noqa: PLR0911 - one return a kind
    category, _, id_ = deed.stream.partition("-")
    key = {"product": "sku"}.get(category, f"{category}_id")
    match deed.kind:
        case "RegisterCustomer":
            return {key: id_, "name": "Anna", "email": "anna@example.com"}
        case "RegisterProduct":
            return {key: id_, "name": id_, "unit_price_cents": 100 + deed.amount, "currency_code": "EUR"}
        case "ReceiveStock":
            return {key: id_, "quantity": deed.amount, "reference": "delivery"}
        case "PlaceOrder":
            customer, product = (stream.partition("-")[2] for stream in deed.about)
            item = orders.OrderItemRequest(sku=product, quantity=deed.amount)
            return {key: id_, "customer_id": customer, "items": [item]}
        case "ApproveOrder":
            return {key: id_, "approved_by": f"Ben {deed.amount}"}
        case "ShipOrder":
            return {key: id_, "carrier": "Post", "tracking_number": f"{deed.amount}"}
        case "SuspendCustomer" | "CancelOrder":
            return {key: id_, "reason": f"because {deed.amount}"}
        case "EnrollFamily":
            name = f"Lee {deed.amount}"
            return {key: id_, "family_name": name, "enrollment_date": Date(year=2024, month=1, day=1)}
        case "UpdateRiskScore":
            return {key: id_, "score": deed.amount}
    return {key: id_}


def query_for(stream: str) -> Query:
    """The query that shows a stream's entity."""
    found = query_of(stream)
    assert found is not None, stream
    return found


def shown_by(query: Query, answer: Any) -> State:
    """Version and what else the model knows of the entity that an answer shows."""
    entity = getattr(answer, query.field)
    match query.field:
        case "order":
            return entity.version, OrderStatus.Name(entity.status).removeprefix("ORDER_STATUS_")
        case "customer":
            return entity.version, CustomerStatus.Name(entity.status).removeprefix("CUSTOMER_STATUS_")
        case "product":
            return entity.version, entity.available
    return entity.version, entity.risk_score
