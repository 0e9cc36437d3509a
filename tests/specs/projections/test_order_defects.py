"""Defects that order projections are known for, each as a rule that holds here."""

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1.views_pb2 import Customer, OrderDetails, OrderSummary

from projector.orders.order_summary import ORDER_SUMMARY
from tests.order_events import WrittenLog, approved, item, placed, registered
from tests.specs.projections.folded import read_side, view_of

MUG = ("mug", 1, 500)
ADDED = events.OrderItemAdded(order_id="1", item=item("lamp", 3, 200), total_cents=1100)


def _log() -> WrittenLog:
    log = WrittenLog()
    log.append(registered("alice"), placed("1", MUG), ADDED, approved("1"))
    return log


def test_an_item_added_right_after_placing_is_never_lost_from_the_totals() -> None:
    log = _log()
    for batches in ([log.events], [[event] for event in log.events]):
        side = read_side(batches)
        summary = OrderSummary.FromString(side.documents["order_summary", "1"].message)
        details = OrderDetails.FromString(side.documents["order_details", "1"].message)
        assert (summary.item_count, summary.unit_count, summary.total_cents) == (2, 4, 1100)
        assert (details.item_count, details.total_cents) == (2, 1100)


def test_totals_come_from_what_the_event_carries() -> None:
    bare = events.OrderItemAdded(order_id="1", item=item("lamp", 3, 0), total_cents=1234)
    view = view_of(ORDER_SUMMARY, placed("1", MUG), bare)
    assert (view.total_cents, view.formatted_total) == (1234, "£12.34")


def test_an_update_of_something_that_exists_has_a_newer_version_to_wait_for() -> None:
    log = _log()
    before = read_side([log.events[:2]]).documents["order_summary", "1"]
    after = read_side([log.events]).documents["order_summary", "1"]
    assert (before.version, after.version) == (1, 3)
    assert after.position > before.position


def test_an_order_shows_the_customer_as_at_placing_whenever_it_is_rebuilt() -> None:
    log = _log()
    before = read_side([log.events])
    log.append(events.CustomerUpdated(customer_id="alice", name="Alicia", email="a@example.org"))
    rebuilt = read_side([log.events])
    for view in ("order_summary", "order_details"):
        assert rebuilt.documents[view, "1"] == before.documents[view, "1"]
    summary = OrderSummary.FromString(rebuilt.documents["order_summary", "1"].message)
    customer = Customer.FromString(rebuilt.documents["customer", "alice"].message)
    assert (summary.customer_name, customer.name) == ("Alice", "Alicia")


def test_documents_and_tallies_of_a_batch_are_one_write() -> None:
    log = _log()
    side = read_side([log.events[:2], log.events[2:]])
    assert side.tallies["customer_totals", "alice", "spent|GBP"] == 1100
    assert side.essence() == read_side([log.events]).essence()
