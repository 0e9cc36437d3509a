"""ApproveOrder: what is pending may be approved."""

import pytest
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1.views_pb2 import ORDER_STATUS_APPROVED
from google.protobuf.message import Message

from tests.specs.orders.given import APPROVED, CANCELLED, DELIVERED, SHIPPED, Given, an_order, refused
from write_service.orders.order import OrderNotFound, OrderNotPending

APPROVE = commands.ApproveOrderRequest(order_id="42", approved_by="Bob")


def test_a_pending_order_is_approved() -> None:
    outcome = Given(an_order(cup=2)).when(APPROVE).then(("order-42", APPROVED))
    assert outcome.response == commands.ApproveOrderResponse(order_id="42", status=ORDER_STATUS_APPROVED)


@pytest.mark.parametrize(
    "later", [[APPROVED], [APPROVED, SHIPPED], [APPROVED, SHIPPED, DELIVERED], [CANCELLED]]
)
def test_only_a_pending_order_is_approved(later: list[Message]) -> None:
    refused(Given(an_order(cup=2), later), APPROVE, OrderNotPending, order_id="42")


def test_an_unknown_order_is_not_approved() -> None:
    refused(Given(), APPROVE, OrderNotFound, order_id="42")
