"""CancelOrder: until it is shipped an order may be cancelled, and its stock comes back."""

import pytest
from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1.views_pb2 import ORDER_STATUS_CANCELLED
from google.protobuf.message import Message

from tests.specs.orders.given import APPROVED, CANCELLED, DELIVERED, SHIPPED, Given, an_order, refused
from write_service.orders.order import OrderAlreadyCancelled, OrderAlreadyShipped, OrderNotFound

CANCEL = commands.CancelOrderRequest(order_id="42", reason="changed her mind")


@pytest.mark.parametrize("earlier", [[], [APPROVED]])
def test_a_cancelled_order_gives_all_its_stock_back(earlier: list[Message]) -> None:
    given = Given(an_order(cup=2, jar=1), earlier)
    outcome = given.when(CANCEL).then(
        ("order-42", CANCELLED),
        ("product-cup", events.StockReleased(sku="cup", quantity=2, order_id="42")),
        ("product-jar", events.StockReleased(sku="jar", quantity=1, order_id="42")),
    )
    assert outcome.response == commands.CancelOrderResponse(order_id="42", status=ORDER_STATUS_CANCELLED)
    assert (given.states["product-cup"].available, given.states["product-jar"].available) == (12, 11)


def test_what_was_removed_before_is_not_released_twice() -> None:
    given = Given(an_order(cup=2, jar=1))
    given.when(commands.RemoveOrderItemRequest(order_id="42", sku="cup"))
    assert given.when(CANCEL).streams == ["order-42", "product-jar"]


@pytest.mark.parametrize("later", [[SHIPPED], [SHIPPED, DELIVERED]])
def test_a_shipped_order_cannot_be_cancelled(later: list[Message]) -> None:
    refused(Given(an_order(cup=2), APPROVED, later), CANCEL, OrderAlreadyShipped, order_id="42")


def test_an_order_is_cancelled_once() -> None:
    refused(Given(an_order(cup=2), CANCELLED), CANCEL, OrderAlreadyCancelled, order_id="42")


def test_an_unknown_order_is_not_cancelled() -> None:
    refused(Given(), CANCEL, OrderNotFound, order_id="42")
