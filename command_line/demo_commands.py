"""What the demo adds to the sample: orders in every status, a suspended customer, a product that runs low."""

from collections.abc import Iterator, Sequence

from diptych.orders.v1 import order_command_service_pb2 as commands
from google.type import postal_address_pb2  # type: ignore[import-untyped] # ships no types

from command_line.importing.kinds import OrderKind
from command_line.importing.planned import Command, command_context

CORRELATION_ID = "demo"

_CUSTOMERS = (
    ("demo-zoe", "Zoë Müller", "zoe.mueller@example.com", "DE"),
    ("demo-amadou", "Amadou Diallo", "amadou.diallo@example.com", "FR"),
    ("demo-ines", "Inês Carvalho", "ines.carvalho@example.com", "PT"),
)
_REGION_CODES = {customer_id: region_code for customer_id, _, _, region_code in _CUSTOMERS}
# The cups run low: 8 of 10 are ordered.
_PRODUCTS = (
    ("demo-tea", "Tea caddy, green", 1250, 500),
    ("demo-cup", "Cup with a blue rim", 495, 10),
    ("demo-lamp", "Reading lamp, brass", 64900, 40),
)
# Order, customer, items, and how far it goes.
_ORDERS: tuple[tuple[str, str, tuple[tuple[str, int], ...], tuple[OrderKind, ...]], ...] = (
    ("demo-pending", "demo-zoe", (("demo-tea", 2), ("demo-cup", 4)), ()),
    ("demo-approved", "demo-amadou", (("demo-lamp", 2),), (OrderKind.APPROVE,)),
    ("demo-shipped", "demo-zoe", (("demo-cup", 4),), (OrderKind.APPROVE, OrderKind.SHIP)),
    (
        "demo-delivered",
        "demo-amadou",
        (("demo-tea", 12),),
        (OrderKind.APPROVE, OrderKind.SHIP, OrderKind.DELIVER),
    ),
    ("demo-cancelled", "demo-ines", (("demo-lamp", 1),), (OrderKind.CANCEL,)),
)

_Batched = commands.ExecuteBatchRequest


def demo_commands() -> Iterator[Sequence[Command]]:
    """Groups to be sent one after another: the customer is suspended when all orders are placed."""
    yield tuple(_command(*request) for request in _requests())
    suspend = commands.SuspendCustomerRequest(customer_id="demo-ines", reason="asked for a break")
    yield (_command(OrderKind.SUSPEND, "demo-ines", _Batched(suspend_customer=suspend)),)


def _requests() -> Iterator[tuple[OrderKind, str, _Batched]]:
    for customer_id, name, email, _ in _CUSTOMERS:
        register = commands.RegisterCustomerRequest(customer_id=customer_id, name=name, email=email)
        yield OrderKind.CUSTOMER, customer_id, _Batched(register_customer=register)
    for sku, name, unit_price_cents, quantity in _PRODUCTS:
        product = commands.RegisterProductRequest(
            sku=sku, name=name, unit_price_cents=unit_price_cents, currency_code="GBP"
        )
        yield OrderKind.PRODUCT, sku, _Batched(register_product=product)
        stock = commands.ReceiveStockRequest(sku=sku, quantity=quantity, reference="demo")
        yield OrderKind.STOCK, sku, _Batched(receive_stock=stock)
    for order_id, customer_id, items, steps in _ORDERS:
        yield OrderKind.PLACE, order_id, _Batched(place_order=_place(order_id, customer_id, items))
        for step in steps:
            yield step, order_id, _next(step, order_id)
    yield OrderKind.CREDIT_NOTE, "demo-credit", _Batched(issue_credit_note=_credit_note())


def _place(order_id: str, customer_id: str, items: Sequence[tuple[str, int]]) -> commands.PlaceOrderRequest:
    # Without placed_at the order is placed now, and a repeat of the same request is the same order.
    return commands.PlaceOrderRequest(
        order_id=order_id,
        customer_id=customer_id,
        items=[commands.OrderItemRequest(sku=sku, quantity=quantity) for sku, quantity in items],
        payment_method_id="card",
        shipping_address=postal_address_pb2.PostalAddress(region_code=_REGION_CODES[customer_id]),
    )


def _next(step: OrderKind, order_id: str) -> _Batched:
    match step:
        case OrderKind.APPROVE:
            approve = commands.ApproveOrderRequest(order_id=order_id, approved_by="demo")
            return _Batched(approve_order=approve)
        case OrderKind.SHIP:
            ship = commands.ShipOrderRequest(order_id=order_id, carrier="Post", tracking_number="DEMO-1")
            return _Batched(ship_order=ship)
        case OrderKind.DELIVER:
            return _Batched(deliver_order=commands.DeliverOrderRequest(order_id=order_id))
        case _:
            cancel = commands.CancelOrderRequest(order_id=order_id, reason="ordered twice")
            return _Batched(cancel_order=cancel)


def _credit_note() -> commands.IssueCreditNoteRequest:
    return commands.IssueCreditNoteRequest(
        credit_note_id="demo-credit",
        customer_id="demo-amadou",
        order_id="demo-delivered",
        items=[commands.CreditNoteItemRequest(sku="demo-tea", quantity=1, is_returned=True)],
        reason="one caddy had a dent",
    )


def _command(kind: OrderKind, subject: str, request: _Batched) -> Command:
    """Puts the context into the request as well; its key is the command and what it is about."""
    name = str(request.WhichOneof("command"))
    command = getattr(request, name)
    context = command_context(f"demo/{name}/{subject}", CORRELATION_ID)
    command.context.CopyFrom(context)
    return Command(kind=kind, request=request, command_id=context.command_id, subject=subject)
