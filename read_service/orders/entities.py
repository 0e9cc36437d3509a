"""One order, one customer, one product, by id."""

from typing import Any

from diptych.orders.v1.views_pb2 import Customer, CustomerAmounts, Product

from read_service.entities import Entity
from read_store import Document, IndexEdge, Row


def order_of(order_id: str) -> Entity:
    """Answer an order as what is read for it."""
    return Entity(
        operations=(Document(view="order_details", id=order_id),),
        not_found_reason="ORDER_NOT_FOUND",
        ids={"order_id": order_id},
        stream=f"order-{order_id}",
    )


def customer_of(customer_id: str) -> Entity:
    """Answer a customer with what they bought: that comes from orders, so no stream tells how fresh it is."""
    return Entity(
        operations=(
            Document(view="customer", id=customer_id, joins=("customer_totals",)),
            IndexEdge(view="order_summary", index=f"placed/customer/{customer_id}", last=True),
        ),
        not_found_reason="CUSTOMER_NOT_FOUND",
        ids={"customer_id": customer_id},
        encode=lambda results: results[0].message + _bought(results[0].joined[0], results[1]),
    )


def product_of(sku: str) -> Entity:
    """Answer a product with the units that its orders hold."""
    return Entity(
        operations=(Document(view="product", id=sku, joins=("product_units",)),),
        not_found_reason="PRODUCT_NOT_FOUND",
        ids={"sku": sku},
        encode=lambda results: product_message(results[0]),
    )


def product_message(row: Row) -> bytes:
    """Join a product's stored bytes with the units that its orders hold."""
    units = row.joined[0]
    # Messages that stand one after the other are one message with the fields of both.
    return (
        row.message
        + Product(reserved=units.get("reserved", 0), sold=units.get("sold", 0)).SerializeToString()
    )


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
