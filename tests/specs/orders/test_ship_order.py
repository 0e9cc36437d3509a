"""ShipOrder: what is approved may be shipped."""

import pytest
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1.views_pb2 import ORDER_STATUS_SHIPPED
from google.protobuf.message import Message

from tests.specs.orders.given import APPROVED, CANCELLED, DELIVERED, SHIPPED, Given, an_order, refused
from write_service.orders.order import OrderNotApproved, OrderNotFound

SHIP = commands.ShipOrderRequest(order_id="42", carrier="DHL", tracking_number="1")


def test_an_approved_order_is_shipped() -> None:
    outcome = Given(an_order(cup=2), APPROVED).when(SHIP).then(("order-42", SHIPPED))
    assert outcome.response == commands.ShipOrderResponse(order_id="42", status=ORDER_STATUS_SHIPPED)


@pytest.mark.parametrize("later", [[], [APPROVED, SHIPPED], [APPROVED, SHIPPED, DELIVERED], [CANCELLED]])
def test_only_an_approved_order_is_shipped(later: list[Message]) -> None:
    refused(Given(an_order(cup=2), later), SHIP, OrderNotApproved, order_id="42")


def test_an_unknown_order_is_not_shipped() -> None:
    refused(Given(), SHIP, OrderNotFound, order_id="42")
