"""Makes the commands of one invoice, one customer, one product and one delivery."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from diptych.command.v1.command_pb2 import CommandContext
from diptych.orders.v1 import order_command_service_pb2 as commands
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import postal_address_pb2  # type: ignore[import-untyped] # ships no types

from command_line.importing.kinds import OrderKind
from command_line.importing.online_retail.lines import GUEST, Line
from command_line.importing.planned import Command, command_context

CURRENCY = "GBP"
# Services, fees and discounts: no goods come back when a credit note names them.
SERVICE_CODES = frozenset({"AMAZONFEE", "B", "BANK-CHARGES", "C2", "CRUK", "D", "DOT", "M", "POST", "S", "m"})

_Batched = commands.ExecuteBatchRequest


def register_customer(customer_id: str) -> Command:
    """Register a customer; the data has neither names nor e-mail addresses."""
    context = command_context(f"online-retail/customer/{customer_id}", "online-retail/customers")
    request = commands.RegisterCustomerRequest(
        context=context,
        customer_id=customer_id,
        name="Guest" if customer_id == GUEST else f"Customer {customer_id}",
        email=f"customer-{customer_id.lower()}@example.com",
    )
    return _command(OrderKind.CUSTOMER, _Batched(register_customer=request), context, customer_id)


def register_product(sku: str, name: str, unit_price_cents: int) -> Command:
    """Register a product without stock."""
    context = command_context(f"online-retail/product/{sku}", "online-retail/products")
    request = commands.RegisterProductRequest(
        context=context, sku=sku, name=name, unit_price_cents=unit_price_cents, currency_code=CURRENCY
    )
    return _command(OrderKind.PRODUCT, _Batched(register_product=request), context, sku)


def receive_stock(label: str, sku: str, quantity: int) -> Command:
    """Receive what a file's orders and write-offs take of a product."""
    # With the label and the quantity in the key, a sample and the whole month do not collide.
    context = command_context(
        f"online-retail/{label}/stock/{sku}/{quantity}", f"online-retail/{label}/deliveries"
    )
    request = commands.ReceiveStockRequest(
        context=context, sku=sku, quantity=quantity, reference=f"online-retail {label}"
    )
    return _command(OrderKind.STOCK, _Batched(receive_stock=request), context, sku)


def sale(lines: Sequence[Line]) -> list[Command]:
    """The commands of one invoice that is no credit note: a whole order, and what it writes off."""
    sold = [line for line in lines if line.quantity > 0]
    written_off = [line for line in lines if line.quantity < 0]
    order = list(_order(sold)) if sold else []
    return order + [_write_off(line, number) for number, line in enumerate(written_off, start=1)]


def credit_note(lines: Sequence[Line]) -> Command:
    """Issue the credit note of one C invoice; the data does not say which order it belongs to."""
    context = _invoice_context(lines, "credit-note")
    request = commands.IssueCreditNoteRequest(
        context=context,
        credit_note_id=lines[0].invoice,
        customer_id=lines[0].customer_id,
        items=[_credit_note_item(line) for line in lines],
        reason="cancellation",
        region_code=lines[0].region_code,
        issued_at=_at(lines),
    )
    return _command(
        OrderKind.CREDIT_NOTE, _Batched(issue_credit_note=request), context, lines[0].invoice, lines
    )


def _order(lines: Sequence[Line]) -> Iterator[Command]:
    """An invoice is a completed sale, so the order goes all the way to its delivery."""
    invoice = lines[0].invoice
    context = _invoice_context(lines, "place")
    yield _command(OrderKind.PLACE, _Batched(place_order=_place(context, lines)), context, invoice, lines)
    context = _invoice_context(lines, "approve")
    approve = commands.ApproveOrderRequest(context=context, order_id=invoice, approved_by="online-retail")
    yield _command(OrderKind.APPROVE, _Batched(approve_order=approve), context, invoice)
    context = _invoice_context(lines, "ship")
    # The data names no carrier.
    ship = commands.ShipOrderRequest(
        context=context, order_id=invoice, carrier="not recorded", tracking_number=invoice
    )
    yield _command(OrderKind.SHIP, _Batched(ship_order=ship), context, invoice)
    context = _invoice_context(lines, "deliver")
    deliver = commands.DeliverOrderRequest(context=context, order_id=invoice)
    yield _command(OrderKind.DELIVER, _Batched(deliver_order=deliver), context, invoice)


def _place(context: CommandContext, lines: Sequence[Line]) -> commands.PlaceOrderRequest:
    region_code = lines[0].region_code
    return commands.PlaceOrderRequest(
        context=context,
        order_id=lines[0].invoice,
        customer_id=lines[0].customer_id,
        items=[
            commands.OrderItemRequest(
                sku=line.sku, quantity=line.quantity, unit_price_cents=line.unit_price_cents
            )
            for line in lines
        ],
        shipping_address=postal_address_pb2.PostalAddress(region_code=region_code) if region_code else None,
        placed_at=_at(lines),
    )


def _write_off(line: Line, number: int) -> Command:
    context = _invoice_context([line], f"write-off/{number}")
    request = commands.AdjustStockRequest(
        context=context, sku=line.sku, delta=line.quantity, reason=line.description or "not said"
    )
    return _command(OrderKind.WRITE_OFF, _Batched(adjust_stock=request), context, line.invoice, [line])


def _credit_note_item(line: Line) -> commands.CreditNoteItemRequest:
    return commands.CreditNoteItemRequest(
        sku=line.sku,
        quantity=-line.quantity,
        unit_price_cents=line.unit_price_cents,
        is_returned=line.sku not in SERVICE_CODES,
    )


def _at(lines: Sequence[Line]) -> Timestamp:
    # A few invoices run over a minute's end: the earliest line counts.
    return Timestamp(seconds=min(line.at_seconds for line in lines))


def _invoice_context(lines: Sequence[Line], step: str) -> CommandContext:
    month = datetime.fromtimestamp(lines[0].at_seconds, UTC).strftime("%Y-%m")
    invoice = f"online-retail/{month}/{lines[0].invoice}"
    return command_context(f"{invoice}/{step}", invoice)


def _command(
    kind: OrderKind, request: _Batched, context: CommandContext, subject: str, lines: Sequence[Line] = ()
) -> Command:
    return Command(
        kind=kind,
        request=request,
        command_id=context.command_id,
        subject=subject,
        entries=tuple(line.number for line in lines),
    )
