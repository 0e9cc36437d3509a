"""DeliverOrder: what was shipped may be delivered."""

import pytest
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1.views_pb2 import ORDER_STATUS_DELIVERED
from google.protobuf.message import Message

from tests.specs.orders.given import APPROVED, CANCELLED, DELIVERED, SHIPPED, Given, an_order, refused
from write_service.orders.order import OrderNotFound, OrderNotShipped

DELIVER = commands.DeliverOrderRequest(order_id="42")


def test_a_shipped_order_is_delivered() -> None:
    outcome = Given(an_order(cup=2), APPROVED, SHIPPED).when(DELIVER).then(("order-42", DELIVERED))
    assert outcome.response == commands.DeliverOrderResponse(order_id="42", status=ORDER_STATUS_DELIVERED)


@pytest.mark.parametrize("later", [[], [APPROVED], [APPROVED, SHIPPED, DELIVERED], [CANCELLED]])
def test_only_a_shipped_order_is_delivered(later: list[Message]) -> None:
    refused(Given(an_order(cup=2), later), DELIVER, OrderNotShipped, order_id="42")


def test_an_unknown_order_is_not_delivered() -> None:
    refused(Given(), DELIVER, OrderNotFound, order_id="42")
