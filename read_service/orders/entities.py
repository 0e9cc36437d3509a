"""One order, one customer, one product, by id."""

from typing import Any

from diptych.orders.v1.order_query_service_pb2 import GetCustomerRequest, GetOrderRequest, GetProductRequest
from diptych.orders.v1.views_pb2 import Customer, CustomerAmounts, Product

from read_service.encoding import field
from read_service.freshness import Answer, FreshReads
from read_service.refusals import not_found
from read_store import Document, IndexEdge, Row


async def get_order(reads: FreshReads, request: GetOrderRequest) -> bytes:
    """Raise ServiceError ORDER_NOT_FOUND."""
    order_id = request.order_id
    answer = await reads.read(
        (Document(view="order_details", id=order_id),),
        consistency=request.consistency,
        entity=f"order-{order_id}",
    )
    row: Row | None = answer.results[0]
    if row is None:
        raise not_found(answer.checkpoint, "ORDER_NOT_FOUND", order_id=order_id)
    return _response(reads, answer, row.message)


async def get_customer(reads: FreshReads, request: GetCustomerRequest) -> bytes:
    """Raise ServiceError CUSTOMER_NOT_FOUND."""
    customer_id = request.customer_id
    # What a customer bought comes from orders, so the customer's own version does not tell how fresh it is.
    answer = await reads.read(
        (
            Document(view="customer", id=customer_id, joins=("customer_totals",)),
            IndexEdge(view="order_summary", index=f"placed/customer/{customer_id}", last=True),
        ),
        consistency=request.consistency,
    )
    row, last_order = answer.results
    if row is None:
        raise not_found(answer.checkpoint, "CUSTOMER_NOT_FOUND", customer_id=customer_id)
    return _response(reads, answer, row.message + _bought(row.joined[0], last_order))


async def get_product(reads: FreshReads, request: GetProductRequest) -> bytes:
    """Raise ServiceError PRODUCT_NOT_FOUND."""
    answer = await reads.read(
        (Document(view="product", id=request.sku, joins=("product_units",)),),
        consistency=request.consistency,
    )
    row: Row | None = answer.results[0]
    if row is None:
        raise not_found(answer.checkpoint, "PRODUCT_NOT_FOUND", sku=request.sku)
    return _response(reads, answer, product_message(row))


def product_message(row: Row) -> bytes:
    """Join a product's stored bytes with the units that its orders hold."""
    units = row.joined[0]
    # Messages that stand one after the other are one message with the fields of both.
    return (
        row.message
        + Product(reserved=units.get("reserved", 0), sold=units.get("sold", 0)).SerializeToString()
    )


def _response(reads: FreshReads, answer: Answer, message: bytes) -> bytes:
    return field(1, message) + field(2, reads.describe(answer))


def _bought(totals: dict[str, int], last_order: Row | None) -> bytes:
    amounts = _amounts(totals)
    bought = Customer(order_count=totals.get("orders", 0), amounts=amounts)
    if amounts:
        main = max(amounts, key=lambda each: (each.total_spent_cents, each.credit_cents))
        bought.currency_code = main.currency_code
        bought.total_spent_cents = main.total_spent_cents
        bought.credit_cents = main.credit_cents
    if last_order is not None:
        bought.last_order_id = last_order.id
        bought.last_order_at.FromMicroseconds(last_order.score)
    return bought.SerializeToString()


def _amounts(totals: dict[str, int]) -> list[CustomerAmounts]:
    by_currency: dict[str, dict[str, Any]] = {}
    for column, cents in totals.items():
        kind, _, currency_code = column.partition("|")
        if currency_code:
            by_currency.setdefault(currency_code, {})[kind] = cents
    return [
        CustomerAmounts(
            currency_code=currency_code,
            total_spent_cents=cents.get("spent", 0),
            credit_cents=cents.get("credit", 0),
        )
        for currency_code, cents in sorted(by_currency.items())
    ]
