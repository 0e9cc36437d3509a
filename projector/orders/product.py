"""A product with its stock; the units reserved and sold are counted by orders, and joined when it is read."""

from collections.abc import Iterable

from diptych.orders.v1.events_pb2 import (
    ProductPriceChanged,
    ProductRegistered,
    StockAdjusted,
    StockReceived,
    StockReleased,
    StockReserved,
)
from diptych.orders.v1.views_pb2 import Product
from google.protobuf.message import Message

from projector.projection import ReadModel


def evolve(view: Product, event: Message) -> Product:
    match event:
        case ProductRegistered():
            view.sku = event.sku
            view.name = event.name
            view.unit_price_cents = event.unit_price_cents
            view.currency_code = event.currency_code
        case ProductPriceChanged():
            view.unit_price_cents = event.unit_price_cents
        case StockReceived():
            _receive(view, event.quantity)
        case StockAdjusted():
            _receive(view, event.delta)
        case StockReserved():
            view.available -= event.quantity
        case StockReleased():
            view.available += event.quantity
        case _:
            return view
    return view


def _receive(view: Product, units: int) -> None:
    view.received += units
    view.available += units


def indexes(view: Product) -> Iterable[tuple[str, int | str]]:
    return ("product_name", view.name), ("available", view.available)


PRODUCT = ReadModel(
    name="product",
    category="product",
    view=Product,
    evolve=evolve,
    indexes=indexes,
    contributing_events=(ProductRegistered, StockReceived, StockAdjusted, StockReserved, StockReleased),
)
