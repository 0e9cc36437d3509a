"""A credit note: given events, then view and tallies."""

from projector.orders.credit_note import CREDIT_NOTE
from tests.order_events import credited, placed
from tests.specs.projections.folded import tallies_of, view_of


def test_a_credit_note_shows_what_was_issued() -> None:
    view = view_of(CREDIT_NOTE, credited("c1", 500))
    assert (view.credit_note_id, view.customer_id, view.total_cents) == ("c1", "alice", 500)
    assert (view.currency_code, view.region_code, view.reason) == ("GBP", "GB", "broken")
    assert len(view.items) == 1


def test_a_credit_note_counts_for_its_customer_and_in_sales_by_the_day_of_issue() -> None:
    columns = {"credit_notes|EUR": 1, "credit|EUR": 500}
    rows = {
        "sales_by_day": "2011-06-30",
        "sales_by_month": "2011-06",
        "sales_by_day_and_country": "2011-06-30/FR",
        "sales_by_month_and_country": "2011-06/FR",
    }
    expected = {(tally, row, name): n for tally, row in rows.items() for name, n in columns.items()}
    expected["customer_totals", "alice", "credit|EUR"] = 500
    assert tallies_of(CREDIT_NOTE, credited("c1", 500, currency_code="EUR", region_code="FR")) == expected


def test_an_unknown_event_changes_nothing() -> None:
    assert view_of(CREDIT_NOTE, credited("c1", 5), placed("1")) == view_of(CREDIT_NOTE, credited("c1", 5))
