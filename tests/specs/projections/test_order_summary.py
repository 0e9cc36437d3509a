"""An order as a row of a list: given events, then view, indexes and tallies."""

from datetime import datetime, timedelta

import pytest
from diptych.orders.v1 import events_pb2 as events
from google.protobuf.message import Message

from projector.contributions import contributions_of
from projector.orders.order_summary import ORDER_SUMMARY
from tests.order_events import START, approved, cancelled, delivered, item, placed, shipped
from tests.specs.projections.folded import scores_of, tallies_of, view_of

MUGS = ("mug", 2, 30_000)
LAMP = ("lamp", 1, 40_000)
PLACED = int(START.timestamp()) * 1_000_000


def test_a_summary_counts_lines_and_units() -> None:
    view = view_of(ORDER_SUMMARY, placed("1", MUGS, LAMP, MUGS))
    assert (view.item_count, view.unit_count, view.total_cents) == (3, 5, 160_000)
    assert (view.region_code, view.formatted_total, view.is_high_value) == ("GB", "£1,600.00", True)


def test_added_and_removed_items_move_lines_units_and_total() -> None:
    added = events.OrderItemAdded(order_id="1", item=item("mug", 3, 1), total_cents=160_003)
    removed = events.OrderItemRemoved(order_id="1", sku="mug", quantity=7, line_count=3, total_cents=40_000)
    view = view_of(ORDER_SUMMARY, placed("1", MUGS, LAMP, MUGS), added, removed)
    assert (view.item_count, view.unit_count, view.total_cents) == (1, 1, 40_000)


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([], "PENDING"),
        ([approved("1")], "APPROVED"),
        ([approved("1"), shipped("1")], "SHIPPED"),
        ([approved("1"), shipped("1"), delivered("1")], "DELIVERED"),
        ([cancelled("1")], "CANCELLED"),
    ],
)
def test_an_order_stands_in_the_lists_of_its_status_only(steps: list[Message], status: str) -> None:
    assert scores_of(ORDER_SUMMARY, placed("1", MUGS), *steps) == {
        "placed": PLACED,
        f"placed/status/{status}": PLACED,
        "placed/customer/alice": PLACED,
        "placed/normal": PLACED,
        "total": 60_000,
        f"total/status/{status}": 60_000,
        "total/customer/alice": 60_000,
    }


def test_an_order_of_high_value_stands_in_that_list() -> None:
    scores = scores_of(ORDER_SUMMARY, placed("1", ("mug", 1, 100_001)))
    assert "placed/high" in scores
    assert "placed/normal" not in scores


def _search_entry(name: str, at: datetime = START) -> tuple[str, int]:
    order = placed("1", MUGS, name=name, email="A@Example.com", at=at)
    return contributions_of(ORDER_SUMMARY, view_of(ORDER_SUMMARY, order)).texts["search"]


def test_search_looks_through_name_and_email_folded_and_apart() -> None:
    assert _search_entry("Àlice  Müller")[0] == "alice muller\na@example.com"


def test_orders_of_one_name_are_ranked_by_when_they_were_placed() -> None:
    (early_term, early), (late_term, late) = (
        _search_entry("Alice", START),
        _search_entry("ÁLICE", START + timedelta(hours=1)),
    )
    assert (early_term, late - early) == (late_term, 3_600_000_000)


def _group(tallies: dict[tuple[str, str, str], int], tally: str, row: str) -> dict[str, int]:
    return {column: n for (name, at, column), n in tallies.items() if (name, at) == (tally, row)}


def test_an_order_counts_in_the_dashboard_by_status_value_and_currency() -> None:
    tallies = tallies_of(ORDER_SUMMARY, placed("1", MUGS, LAMP, LAMP, currency_code="EUR"), approved("1"))
    columns = {"count|APPROVED|high|EUR": 1, "cents|APPROVED|high|EUR": 140_000}
    assert _group(tallies, "orders", "all") == columns
    assert _group(tallies, "orders_by_day", "2011-06-30") == columns
    assert _group(tallies, "orders_by_customer", "alice") == columns


def test_an_order_counts_in_sales_by_day_month_and_country() -> None:
    tallies = tallies_of(ORDER_SUMMARY, placed("1", MUGS))
    columns = {"orders|GBP": 1, "units|GBP": 2, "gross|GBP": 60_000}
    assert _group(tallies, "sales_by_day", "2011-06-30") == columns
    assert _group(tallies, "sales_by_month", "2011-06") == columns
    assert _group(tallies, "sales_by_day_and_country", "2011-06-30/GB") == columns
    assert _group(tallies, "sales_by_month_and_country", "2011-06/GB") == columns


def test_an_order_without_a_country_counts_under_zz() -> None:
    tallies = tallies_of(ORDER_SUMMARY, placed("1", MUGS, region_code=""))
    assert _group(tallies, "sales_by_day_and_country", "2011-06-30/ZZ") != {}


def test_a_cancelled_order_stays_in_the_dashboard_and_leaves_sales() -> None:
    tallies = tallies_of(ORDER_SUMMARY, placed("1", MUGS), cancelled("1"))
    assert _group(tallies, "orders", "all") == {
        "count|CANCELLED|normal|GBP": 1,
        "cents|CANCELLED|normal|GBP": 60_000,
    }
    assert not any(tally.startswith("sales") for tally, _, _ in tallies)


def test_an_unknown_event_changes_nothing() -> None:
    before = view_of(ORDER_SUMMARY, placed("1", MUGS))
    assert view_of(ORDER_SUMMARY, placed("1", MUGS), events.StockReceived(sku="mug")) == before
