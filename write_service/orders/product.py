"""Products: their price, and a stock that never promises more units than there are."""

from collections.abc import Mapping
from typing import NamedTuple, assert_never

from diptych.orders.v1.events_pb2 import (
    ProductPriceChanged,
    ProductRegistered,
    StockAdjusted,
    StockReceived,
    StockReleased,
    StockReserved,
)
from diptych.orders.v1.order_command_service_pb2 import (
    AdjustStockRequest,
    ChangeProductPriceRequest,
    ReceiveStockRequest,
    RegisterProductRequest,
)
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.decider import (
    AggregateExists,
    AggregateNotFound,
    CommandRejected,
    Decider,
    Decision,
    States,
    Violation,
)

ProductEvent = (
    ProductRegistered | ProductPriceChanged | StockReceived | StockAdjusted | StockReserved | StockReleased
)


class ProductNotFound(AggregateNotFound):
    """Only a registered product has a price and a stock."""


class ProductExists(AggregateExists):
    """A product's sku is given once."""


class InsufficientInventory(CommandRejected):
    """No more units can be promised or taken away than are available."""


class Product(NamedTuple):
    """A product as the rules see one; without a currency there is none. A named tuple, because products have
    the longest streams, and a new one is made for each event.

    `received` counts units that came in, corrections included; `committed` those that orders have taken.
    """

    name: str
    unit_price_cents: int
    currency_code: str
    received: int
    committed: int

    @property
    def exists(self) -> bool:
        return self.currency_code != ""

    @property
    def available(self) -> int:
        return self.received - self.committed


def register_product(request: RegisterProductRequest, states: States, now: Timestamp) -> Decision:
    stream = PRODUCT.stream(request.sku)
    if states[stream].exists:
        raise ProductExists(f"product {request.sku} exists", sku=request.sku)
    event = ProductRegistered(
        sku=request.sku,
        name=request.name,
        unit_price_cents=request.unit_price_cents,
        currency_code=request.currency_code,
        registered_at=now,
    )
    return [(stream, event)]


def change_product_price(request: ChangeProductPriceRequest, states: States, now: Timestamp) -> Decision:
    event = ProductPriceChanged(
        sku=request.sku,
        old_unit_price_cents=registered_product(states, request.sku).unit_price_cents,
        unit_price_cents=request.unit_price_cents,
        changed_at=now,
    )
    return [(PRODUCT.stream(request.sku), event)]


def receive_stock(request: ReceiveStockRequest, states: States, now: Timestamp) -> Decision:
    registered_product(states, request.sku)
    event = StockReceived(
        sku=request.sku, quantity=request.quantity, reference=request.reference, received_at=now
    )
    return [(PRODUCT.stream(request.sku), event)]


def adjust_stock(request: AdjustStockRequest, states: States, now: Timestamp) -> Decision:
    registered_product(states, request.sku)
    require_available(states, {request.sku: -request.delta})
    event = StockAdjusted(sku=request.sku, delta=request.delta, reason=request.reason, adjusted_at=now)
    return [(PRODUCT.stream(request.sku), event)]


def registered_product(states: States, sku: str) -> Product:
    """Raise ProductNotFound when no product is registered under this sku."""
    product = states[PRODUCT.stream(sku)]
    if not product.exists:
        raise ProductNotFound(f"product {sku} does not exist", sku=sku)
    return product


def require_available(states: States, wanted: Mapping[str, int]) -> None:
    """Raise InsufficientInventory naming every sku of which more is wanted than is available."""
    short = [
        Violation(subject=stream.name, description=f"{quantity} wanted, {available} available")
        for sku, quantity in wanted.items()
        if (available := states[stream := PRODUCT.stream(sku)].available) < quantity
    ]
    if short:
        first = f"{short[0].subject}: {short[0].description}"
        more = f" (and {len(short) - 1} more)" if len(short) > 1 else ""
        raise InsufficientInventory(first + more, violations=short)


def evolve(product: Product, event: ProductEvent) -> Product:
    name, price, currency, received, committed = product
    match event:
        case StockReserved():
            return Product(name, price, currency, received, committed + event.quantity)
        case StockReleased():
            return Product(name, price, currency, received, committed - event.quantity)
        case StockReceived():
            return Product(name, price, currency, received + event.quantity, committed)
        case StockAdjusted():
            return Product(name, price, currency, received + event.delta, committed)
        case ProductPriceChanged():
            return Product(name, event.unit_price_cents, currency, received, committed)
        case ProductRegistered():
            return Product(event.name, event.unit_price_cents, event.currency_code, 0, 0)
        case _:
            assert_never(event)


PRODUCT = Decider(
    category="product",
    initial=Product("", 0, "", 0, 0),
    evolve=evolve,
    events=(
        ProductRegistered,
        ProductPriceChanged,
        StockReceived,
        StockAdjusted,
        StockReserved,
        StockReleased,
    ),
)
