"""One command of every type, in an order in which each is accepted."""

from collections.abc import Iterator
from typing import Any

from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.end_to_end.shop import new_id
from tests.services.write_services import a_context, place

Command = tuple[str, Any]


def every_command() -> Iterator[Command]:
    """RPC names and requests about things that nothing else uses."""
    customer, sku, other = new_id("customer"), new_id("sku"), new_id("sku")
    shipped, cancelled = new_id("order"), new_id("order")
    yield from _customer(customer)
    yield from _product(sku)
    yield from _product(other)
    yield "PlaceOrder", _order(shipped, customer, sku)
    yield from _fulfilment(shipped, other)
    yield "PlaceOrder", _order(cancelled, customer, sku)
    yield "CancelOrder", commands.CancelOrderRequest(context=a_context(), order_id=cancelled, reason="late")
    yield (
        "IssueCreditNote",
        commands.IssueCreditNoteRequest(
            context=a_context(),
            credit_note_id=new_id("credit"),
            customer_id=customer,
            items=[commands.CreditNoteItemRequest(sku=sku, quantity=1, is_returned=True)],
            reason="broken",
        ),
    )


def _customer(customer: str) -> Iterator[Command]:
    yield (
        "RegisterCustomer",
        commands.RegisterCustomerRequest(
            context=a_context(), customer_id=customer, name="Anna", email="anna@example.com"
        ),
    )
    yield (
        "UpdateCustomer",
        commands.UpdateCustomerRequest(context=a_context(), customer_id=customer, name="Anna B"),
    )
    yield (
        "SuspendCustomer",
        commands.SuspendCustomerRequest(context=a_context(), customer_id=customer, reason="unpaid"),
    )
    yield "ReinstateCustomer", commands.ReinstateCustomerRequest(context=a_context(), customer_id=customer)


def _product(sku: str) -> Iterator[Command]:
    yield (
        "RegisterProduct",
        commands.RegisterProductRequest(
            context=a_context(), sku=sku, name="Cup", unit_price_cents=100, currency_code="EUR"
        ),
    )
    yield (
        "ChangeProductPrice",
        commands.ChangeProductPriceRequest(context=a_context(), sku=sku, unit_price_cents=120),
    )
    yield "ReceiveStock", commands.ReceiveStockRequest(context=a_context(), sku=sku, quantity=50)
    yield (
        "AdjustStock",
        commands.AdjustStockRequest(context=a_context(), sku=sku, delta=-1, reason="broken"),
    )


def _order(order: str, customer: str, sku: str) -> commands.PlaceOrderRequest:
    request = place(customer, {sku: 2})
    request.order_id = order
    return request


def _fulfilment(order: str, other: str) -> Iterator[Command]:
    yield (
        "AddOrderItem",
        commands.AddOrderItemRequest(
            context=a_context(), order_id=order, item=commands.OrderItemRequest(sku=other, quantity=1)
        ),
    )
    yield (
        "RemoveOrderItem",
        commands.RemoveOrderItemRequest(context=a_context(), order_id=order, sku=other),
    )
    yield (
        "ApproveOrder",
        commands.ApproveOrderRequest(context=a_context(), order_id=order, approved_by="Ben"),
    )
    yield (
        "ShipOrder",
        commands.ShipOrderRequest(context=a_context(), order_id=order, carrier="Post", tracking_number="1"),
    )
    yield "DeliverOrder", commands.DeliverOrderRequest(context=a_context(), order_id=order)
