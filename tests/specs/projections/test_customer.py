"""A customer: given events, then view."""

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import views_pb2 as views

from projector.orders.customer import CUSTOMER
from tests.order_events import START, instant, placed, registered
from tests.specs.projections.folded import tallies_of, view_of

SUSPENDED = events.CustomerSuspended(customer_id="alice", reason="unpaid", suspended_at=instant(START))


def test_a_registered_customer_is_active() -> None:
    view = view_of(CUSTOMER, registered("alice"))
    assert (view.customer_id, view.name, view.email) == ("alice", "Alice", "alice@example.com")
    assert view.status == views.CUSTOMER_STATUS_ACTIVE
    assert view.registered_at == instant(START)


def test_an_update_replaces_name_and_email() -> None:
    updated = events.CustomerUpdated(customer_id="alice", name="Alicia", email="a@example.org")
    view = view_of(CUSTOMER, registered("alice"), updated)
    assert (view.name, view.email) == ("Alicia", "a@example.org")


def test_a_suspended_customer_says_why_until_reinstated() -> None:
    view = view_of(CUSTOMER, registered("alice"), SUSPENDED)
    assert (view.status, view.suspension_reason) == (views.CUSTOMER_STATUS_SUSPENDED, "unpaid")
    view = view_of(CUSTOMER, registered("alice"), SUSPENDED, events.CustomerReinstated(customer_id="alice"))
    assert (view.status, view.suspension_reason) == (views.CUSTOMER_STATUS_ACTIVE, "")


def test_totals_are_not_the_customers_own() -> None:
    assert tallies_of(CUSTOMER, registered("alice")) == {}


def test_an_unknown_event_changes_nothing() -> None:
    assert view_of(CUSTOMER, registered("alice"), placed("1")) == view_of(CUSTOMER, registered("alice"))
