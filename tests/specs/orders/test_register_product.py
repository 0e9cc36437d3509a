"""RegisterProduct: a sku is given once, and a new product has no stock."""

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.specs.orders.given import NOW, Given, a_product, refused
from write_service.orders.product import ProductExists

REGISTER = commands.RegisterProductRequest(sku="cup", name="a cup", unit_price_cents=250, currency_code="GBP")


def test_a_new_product_is_registered_without_stock() -> None:
    registered = events.ProductRegistered(
        sku="cup", name="a cup", unit_price_cents=250, currency_code="GBP", registered_at=NOW
    )
    given = Given()
    given.when(REGISTER).then(("product-cup", registered))
    assert given.states["product-cup"].available == 0


def test_a_sku_is_given_once() -> None:
    refused(Given(a_product("cup")), REGISTER, ProductExists, sku="cup")
