"""ReceiveStock: what comes in can be ordered."""

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.specs.orders.given import NOW, Given, a_product, refused
from write_service.orders.product import ProductNotFound

RECEIVE = commands.ReceiveStockRequest(sku="cup", quantity=5, reference="delivery 7")


def test_received_units_are_available() -> None:
    received = events.StockReceived(sku="cup", quantity=5, reference="delivery 7", received_at=NOW)
    outcome = Given(a_product("cup", stock=3)).when(RECEIVE).then(("product-cup", received))
    assert outcome.response.available == 8


def test_an_unknown_product_receives_nothing() -> None:
    refused(Given(), RECEIVE, ProductNotFound, sku="cup")
