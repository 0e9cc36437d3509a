"""ChangeProductPrice: the new price holds for orders to come."""

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.specs.orders.given import ANNA, NOW, Given, a_product, refused
from write_service.orders.product import ProductNotFound

CHANGE = commands.ChangeProductPriceRequest(sku="cup", unit_price_cents=90)


def test_a_price_change_tells_the_price_before() -> None:
    changed = events.ProductPriceChanged(
        sku="cup", old_unit_price_cents=100, unit_price_cents=90, changed_at=NOW
    )
    outcome = Given(a_product("cup")).when(CHANGE).then(("product-cup", changed))
    assert (outcome.response.old_unit_price_cents, outcome.response.unit_price_cents) == (100, 90)


def test_the_next_order_pays_the_new_price() -> None:
    given = Given(ANNA, a_product("cup", stock=1))
    given.when(CHANGE)
    order = commands.PlaceOrderRequest(
        order_id="1", customer_id="anna", items=[commands.OrderItemRequest(sku="cup", quantity=1)]
    )
    assert given.when(order).response.total_cents == 90


def test_an_unknown_product_has_no_price_to_change() -> None:
    refused(Given(), CHANGE, ProductNotFound, sku="cup")
