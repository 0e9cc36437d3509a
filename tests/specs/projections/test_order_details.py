"""The details of one order: given events, then view and tallies."""

from datetime import UTC, datetime

import pytest
from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import views_pb2 as views
from google.protobuf.message import Message

from projector.orders.money import formatted
from projector.orders.order_details import ORDER_DETAILS
from tests.order_events import approved, cancelled, delivered, instant, item, placed, shipped
from tests.specs.projections.folded import tallies_of, view_of

MUGS = ("mug", 2, 30_000)
LAMP = ("lamp", 1, 40_000)


def test_a_placed_order_shows_everything_it_was_placed_with() -> None:
    view = view_of(ORDER_DETAILS, placed("1", MUGS, LAMP))
    assert (view.order_id, view.customer_id, view.customer_name) == ("1", "alice", "Alice")
    assert view.status == views.ORDER_STATUS_PENDING
    assert (view.item_count, view.total_cents, view.formatted_total) == (2, 100_000, "£1,000.00")
    assert [each.sku for each in view.items] == ["mug", "lamp"]
    assert (view.day_placed.year, view.day_placed.month, view.day_placed.day) == (2011, 6, 30)
    assert (view.payment_method_id, view.shipping_address.region_code) == ("card", "GB")


@pytest.mark.parametrize(("cents", "is_high"), [(100_000, False), (100_001, True)])
def test_high_value_begins_above_100_000_cents(cents: int, is_high: bool) -> None:
    assert view_of(ORDER_DETAILS, placed("1", ("mug", 1, cents))).is_high_value is is_high


def test_an_added_item_counts_in_lines_and_total() -> None:
    added = events.OrderItemAdded(order_id="1", item=item("tin", 1, 1), total_cents=100_001)
    view = view_of(ORDER_DETAILS, placed("1", MUGS, LAMP), added)
    assert (view.item_count, view.total_cents, view.is_high_value) == (3, 100_001, True)


def test_a_removed_item_takes_all_its_lines() -> None:
    removed = events.OrderItemRemoved(order_id="1", sku="mug", quantity=4, line_count=2, total_cents=40_000)
    view = view_of(ORDER_DETAILS, placed("1", MUGS, LAMP, MUGS), removed)
    assert [each.sku for each in view.items] == ["lamp"]
    assert (view.item_count, view.total_cents) == (1, 40_000)


def test_each_step_shows_who_and_when() -> None:
    view = view_of(ORDER_DETAILS, placed("1", MUGS), approved("1"), shipped("1"), delivered("1"))
    assert view.status == views.ORDER_STATUS_DELIVERED
    assert (view.approved_by, view.carrier, view.tracking_number) == ("bob", "Royal Mail", "RM1")
    assert view.HasField("approved_at")
    assert view.HasField("shipped_at")
    assert view.HasField("delivered_at")
    assert not view.HasField("cancelled_at")


def test_a_cancelled_order_says_why() -> None:
    view = view_of(ORDER_DETAILS, placed("1", MUGS), cancelled("1"))
    assert (view.status, view.cancellation_reason) == (views.ORDER_STATUS_CANCELLED, "too late")


@pytest.mark.parametrize(
    ("steps", "column"),
    [
        ([], "reserved"),
        ([approved("1")], "reserved"),
        ([approved("1"), shipped("1")], "sold"),
        ([approved("1"), shipped("1"), delivered("1")], "sold"),
    ],
)
def test_units_are_reserved_until_they_ship_and_sold_from_then_on(steps: list[Message], column: str) -> None:
    assert tallies_of(ORDER_DETAILS, placed("1", MUGS, LAMP, MUGS), *steps) == {
        ("product_units", "mug", column): 4,
        ("product_units", "lamp", column): 1,
        ("customer_totals", "alice", "orders"): 1,
        ("customer_totals", "alice", "spent|GBP"): 160_000,
    }


def test_a_cancelled_order_counts_nowhere() -> None:
    assert tallies_of(ORDER_DETAILS, placed("1", MUGS), cancelled("1")) == {}


def test_an_unknown_event_changes_nothing() -> None:
    before = view_of(ORDER_DETAILS, placed("1", MUGS))
    after = view_of(ORDER_DETAILS, placed("1", MUGS), events.CustomerSuspended(customer_id="alice"))
    assert after == before


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (123_450, "GBP", "£1,234.50"),
        (5, "USD", "$0.05"),
        (100_000_000, "EUR", "€1,000,000.00"),
        (123_450, "CHF", "CHF 1,234.50"),
        (-123_450, "GBP", "-£1,234.50"),
    ],
)
def test_totals_are_formatted_with_the_currency(cents: int, currency: str, text: str) -> None:
    assert formatted(cents, currency) == text


def test_the_day_is_the_day_in_utc() -> None:
    late = datetime(2011, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    view = view_of(ORDER_DETAILS, placed("1", MUGS, at=late))
    assert (view.day_placed.year, view.day_placed.month, view.day_placed.day) == (2011, 12, 31)
    assert view.placed_at == instant(late)
