"""AddOrderItem: a pending order grows, and takes the stock for it."""

import pytest
from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1.views_pb2 import ORDER_STATUS_PENDING
from google.protobuf.message import Message

from tests.specs.orders.given import APPROVED, CANCELLED, NOW, SHIPPED, Given, a_product, an_order, refused
from write_service.orders.order import OrderNotFound, OrderNotPending
from write_service.orders.order_items import MixedCurrencies, OrderTooLarge
from write_service.orders.product import InsufficientInventory, ProductNotFound


def _add(sku: str = "cup", quantity: int = 3) -> commands.AddOrderItemRequest:
    return commands.AddOrderItemRequest(
        order_id="42", item=commands.OrderItemRequest(sku=sku, quantity=quantity)
    )


def test_an_item_is_added_with_its_stock() -> None:
    item = events.OrderItem(sku="cup", quantity=3, unit_price_cents=100, name="a cup")
    added = events.OrderItemAdded(order_id="42", item=item, total_cents=500, added_at=NOW)
    reserved = events.StockReserved(sku="cup", quantity=3, order_id="42")
    outcome = Given(an_order(cup=2)).when(_add()).then(("order-42", added), ("product-cup", reserved))
    assert outcome.response == commands.AddOrderItemResponse(
        order_id="42", status=ORDER_STATUS_PENDING, total_cents=500, currency_code="EUR"
    )


def test_no_more_is_added_than_there_is() -> None:
    refused(Given(an_order(cup=2)), _add(quantity=11), InsufficientInventory)


def test_an_added_item_is_released_when_the_order_is_cancelled() -> None:
    given = Given(an_order(cup=2))
    given.when(_add())
    given.when(commands.CancelOrderRequest(order_id="42", reason="no"))
    assert given.states["product-cup"].committed == 0


@pytest.mark.parametrize("later", [[APPROVED], [APPROVED, SHIPPED], [CANCELLED]])
def test_only_a_pending_order_grows(later: list[Message]) -> None:
    refused(Given(an_order(cup=2), later), _add(), OrderNotPending, order_id="42")


def test_an_unknown_order_does_not_grow() -> None:
    refused(Given(a_product("cup", stock=5)), _add(), OrderNotFound, order_id="42")


def test_an_unknown_product_is_not_added() -> None:
    refused(Given(an_order(cup=2)), _add("jar"), ProductNotFound, sku="jar")


def test_an_added_item_is_in_the_orders_currency() -> None:
    jar = a_product("jar", stock=5, currency_code="GBP")
    refused(Given(an_order(cup=2), jar), _add("jar"), MixedCurrencies)


def test_an_order_does_not_grow_beyond_the_limit() -> None:
    jar = a_product("jar", stock=5, unit_price_cents=100_000_000)
    refused(Given(an_order(cup=2), jar), _add("jar", 1), OrderTooLarge)
