"""RemoveOrderItem: a product leaves a pending order, and its stock comes back."""

import pytest
from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands
from google.protobuf.message import Message

from tests.specs.orders.given import APPROVED, CANCELLED, NOW, SHIPPED, Given, a_product, an_order, refused
from write_service.orders.order import OrderNotFound, OrderNotPending
from write_service.orders.order_items import EmptyOrder, OrderItemNotFound

REMOVE = commands.RemoveOrderItemRequest(order_id="42", sku="cup")


def test_all_lines_of_a_product_go_and_their_stock_comes_back() -> None:
    given = Given(an_order(cup=2, jar=1))
    given.when(
        commands.AddOrderItemRequest(order_id="42", item=commands.OrderItemRequest(sku="cup", quantity=3))
    )
    removed = events.OrderItemRemoved(
        order_id="42", sku="cup", quantity=5, total_cents=100, removed_at=NOW, line_count=2
    )
    released = events.StockReleased(sku="cup", quantity=5, order_id="42")
    outcome = given.when(REMOVE).then(("order-42", removed), ("product-cup", released))
    assert outcome.response.total_cents == 100
    assert given.states["product-cup"].committed == 0


def test_what_the_order_does_not_hold_is_not_removed() -> None:
    refused(Given(an_order(jar=1), a_product("cup")), REMOVE, OrderItemNotFound, order_id="42", sku="cup")


def test_what_was_removed_is_not_removed_again() -> None:
    given = Given(an_order(cup=2, jar=1))
    given.when(REMOVE)
    refused(given, REMOVE, OrderItemNotFound)


def test_an_order_is_never_emptied() -> None:
    refused(Given(an_order(cup=2)), REMOVE, EmptyOrder, order_id="42")


@pytest.mark.parametrize("later", [[APPROVED], [APPROVED, SHIPPED], [CANCELLED]])
def test_only_a_pending_order_shrinks(later: list[Message]) -> None:
    refused(Given(an_order(cup=2, jar=1), later), REMOVE, OrderNotPending, order_id="42")


def test_an_unknown_order_does_not_shrink() -> None:
    refused(Given(a_product("cup")), REMOVE, OrderNotFound, order_id="42")
