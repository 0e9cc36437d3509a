"""AdjustStock: no correction takes away what orders have reserved."""

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.specs.orders.given import NOW, Given, a_product, refused
from write_service.decider import Violation
from write_service.orders.product import InsufficientInventory, ProductNotFound


def _adjust(delta: int) -> commands.AdjustStockRequest:
    return commands.AdjustStockRequest(sku="cup", delta=delta, reason="counted")


def test_a_loss_lowers_what_is_available() -> None:
    adjusted = events.StockAdjusted(sku="cup", delta=-3, reason="counted", adjusted_at=NOW)
    outcome = Given(a_product("cup", stock=3)).when(_adjust(-3)).then(("product-cup", adjusted))
    assert outcome.response.available == 0


def test_a_find_raises_what_is_available() -> None:
    assert Given(a_product("cup", stock=3)).when(_adjust(2)).response.available == 5


def test_stock_never_falls_below_nothing() -> None:
    rejection = refused(Given(a_product("cup", stock=3)), _adjust(-4), InsufficientInventory)
    assert rejection.violations == (Violation(subject="product-cup", description="4 wanted, 3 available"),)


def test_reserved_units_are_not_taken_away() -> None:
    given = Given(a_product("cup", stock=3), events.StockReserved(sku="cup", quantity=2, order_id="1"))
    refused(given, _adjust(-2), InsufficientInventory)


def test_an_unknown_product_is_not_adjusted() -> None:
    refused(Given(), _adjust(1), ProductNotFound, sku="cup")
