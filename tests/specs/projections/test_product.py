"""A product and its stock: given events, then view and indexes."""

from diptych.orders.v1 import events_pb2 as events

from projector.contributions import contributions_of
from projector.orders.product import PRODUCT
from tests.order_events import placed, product
from tests.specs.projections.folded import scores_of, view_of

RECEIVED = events.StockReceived(sku="mug", quantity=10)
RESERVED = events.StockReserved(sku="mug", quantity=4, order_id="1")
RELEASED = events.StockReleased(sku="mug", quantity=4, order_id="1")


def test_a_registered_product_has_no_stock() -> None:
    view = view_of(PRODUCT, product("mug", "Große Tasse", 250))
    assert (view.sku, view.name, view.unit_price_cents, view.currency_code) == (
        "mug",
        "Große Tasse",
        250,
        "GBP",
    )
    assert (view.received, view.available) == (0, 0)


def test_a_price_change_sets_the_price() -> None:
    changed = events.ProductPriceChanged(sku="mug", old_unit_price_cents=250, unit_price_cents=300)
    assert view_of(PRODUCT, product("mug", cents=250), changed).unit_price_cents == 300


def test_received_is_net_of_adjustments_and_with_returns() -> None:
    lost = events.StockAdjusted(sku="mug", delta=-3, reason="broken")
    returned = events.StockReceived(sku="mug", quantity=1, credit_note_id="c1")
    view = view_of(PRODUCT, product("mug"), RECEIVED, lost, returned)
    assert (view.received, view.available) == (8, 8)


def test_reserved_units_are_not_available_until_released() -> None:
    assert view_of(PRODUCT, product("mug"), RECEIVED, RESERVED).available == 6
    assert view_of(PRODUCT, product("mug"), RECEIVED, RESERVED, RELEASED).available == 10


def test_a_product_is_listed_by_name_and_by_stock() -> None:
    assert scores_of(PRODUCT, product("mug"), RECEIVED, RESERVED) == {"available": 6}
    found = contributions_of(PRODUCT, view_of(PRODUCT, product("mug", "Große Tasse")))
    assert found.texts == {"product_name": ("grosse tasse", 0)}


def test_an_unknown_event_changes_nothing() -> None:
    assert view_of(PRODUCT, product("mug"), placed("1")) == view_of(PRODUCT, product("mug"))
