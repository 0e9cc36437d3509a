"""The details of one family: given events, then view."""

from diptych.families.v1 import events_pb2 as events

from projector.families.family_details import FAMILY_DETAILS
from tests import family_events as say
from tests.plain import plain
from tests.specs.projections.folded import scores_of, tallies_of, view_of


def test_an_enrolled_family_shows_whom_to_talk_to_and_has_no_scores_yet() -> None:
    view = plain(view_of(FAMILY_DETAILS, say.enrolled(on="2024-02-29", currency_code="TWD")))
    assert (view["family_id"], view["family_name"], view["enrollment_date"]) == (
        "smith",
        "Smith",
        "2024-02-29",
    )
    assert (view["parent_name"], view["email"], view["phone"]) == ("Pat Smith", "smith@example.com", "+1 555")
    assert (view["status"], view["risk_score"], view["risk_tier"]) == ("ENROLLED", 0, "LOW")
    assert (view["engagement_score"], view["currency_code"]) == (0, "TWD")
    assert (view["event_attendance_rate"], view["last_payment_date"]) == (None, None)


def test_children_stand_in_the_order_in_which_they_were_added() -> None:
    added = say.child_added("Zoë", "2015-05-01"), say.child_added("Ann", "2012-01-31")
    view = plain(view_of(FAMILY_DETAILS, say.enrolled(), *added))
    assert view["children_count"] == 2
    assert [(child["name"], child["birth_date"]) for child in view["children"]] == [
        ("Zoë", "2015-05-01"),
        ("Ann", "2012-01-31"),
    ]


def test_an_invoice_is_owed_but_for_the_credit_that_goes_to_it() -> None:
    surplus = say.paid("t1", "2024-01-05", credit_cents=300)
    view = view_of(
        FAMILY_DETAILS,
        say.enrolled(),
        surplus,
        say.invoiced("i1", 500, "2024-02-15", ("t1", "card", 200)),
    )
    assert (view.invoiced_cents, view.outstanding_cents, view.credit_cents) == (500, 300, 100)
    assert (view.total_paid_cents, view.payment_count, view.allocation_count) == (300, 1, 1)
    assert view.avg_payment_days_late == 0


def test_days_late_are_the_mean_over_all_that_went_to_invoices() -> None:
    view = view_of(
        FAMILY_DETAILS,
        say.enrolled(),
        say.invoiced("i1", 500, "2024-01-15"),
        say.invoiced("i2", 500, "2024-02-15"),
        say.paid("t1", "2024-01-25", ("i1", 500, 10), ("i2", 100, 0)),
        say.paid("t2", "2024-02-20", ("i2", 400, 5), credit_cents=50),
    )
    assert (view.allocation_count, view.days_late_sum, view.avg_payment_days_late) == (3, 15, 5.0)
    assert (view.total_paid_cents, view.payment_count, view.outstanding_cents) == (1050, 2, 0)
    assert view.credit_cents == 50


def test_a_payment_recorded_late_does_not_move_the_last_payment_back() -> None:
    view = view_of(
        FAMILY_DETAILS,
        say.enrolled(),
        say.paid("t1", "2024-03-01", credit_cents=1),
        say.paid("t2", "2024-02-01", credit_cents=1),
    )
    assert plain(view.last_payment_date) == "2024-03-01"


def test_scores_come_with_what_they_are_made_of_and_replace_those_before() -> None:
    given = say.enrolled(), say.risk(0, 90), say.engagement(0, 40), say.risk(90, 20), say.engagement(40, 60)
    view = plain(view_of(FAMILY_DETAILS, *given))
    assert (view["risk_score"], view["risk_tier"], view["engagement_score"]) == (20, "LOW", 60)
    assert [factor["points"] for factor in view["risk_factors"]] == [20]
    assert [factor["points"] for factor in view["engagement_factors"]] == [60]


def test_a_recommendation_replaces_the_one_before_with_its_date() -> None:
    first, second = say.recommended("call", 5, "2024-06-01"), say.recommended("visit", 2)
    view = plain(view_of(FAMILY_DETAILS, say.enrolled(), first))
    assert (view["recommended_intervention"], view["intervention_priority"]) == ("call", 5)
    assert view["predicted_withdrawal_date"] == "2024-06-01"
    view = plain(view_of(FAMILY_DETAILS, say.enrolled(), first, second))
    assert (view["recommended_intervention"], view["intervention_priority"]) == ("visit", 2)
    assert view["predicted_withdrawal_date"] is None


def test_the_last_contact_is_the_latest_day_and_of_one_day_the_one_recorded_last() -> None:
    contacts = say.contacted("2024-02-02", "phone"), say.contacted("2024-02-02", "visit")
    earlier = say.contacted("2024-02-01", "e-mail")
    view = view_of(FAMILY_DETAILS, say.enrolled(), *contacts, earlier)
    assert (plain(view.last_contact_date), view.last_contact_method) == ("2024-02-02", "visit")


def test_taking_part_adds_up() -> None:
    view = view_of(
        FAMILY_DETAILS,
        say.enrolled(),
        say.logged_in("2024-01-09"),
        say.logged_in("2024-01-03"),
        say.volunteered(3, "2024-01-09"),
        say.volunteered(4, "2024-01-03"),
        say.attended(True, "2024-01-01"),
        say.attended(False, "2024-01-02"),
        say.attended(False, "2024-01-03"),
        say.attended(False, "2024-01-04"),
    )
    assert (plain(view.last_login_date), view.volunteer_hours) == ("2024-01-09", 7)
    assert (view.events_invited, view.events_attended, view.event_attendance_rate) == (4, 1, 25.0)


def test_who_never_came_has_a_rate_of_zero_and_not_none() -> None:
    view = view_of(FAMILY_DETAILS, say.enrolled(), say.attended(False, "2024-01-02"))
    assert plain(view)["event_attendance_rate"] == 0.0


def test_channel_and_coordinator_are_the_last_ones_said() -> None:
    said = say.prefers("phone"), say.assigned("Robin"), say.prefers("e-mail"), say.assigned("Kim")
    view = view_of(FAMILY_DETAILS, say.enrolled(), *said)
    assert (view.preferred_contact_channel, view.assigned_coordinator) == ("e-mail", "Kim")


def test_a_withdrawn_family_keeps_its_scores_and_owes_what_was_due() -> None:
    view = plain(
        view_of(
            FAMILY_DETAILS,
            say.enrolled(),
            say.risk(0, 90),
            say.recommended("call", 5, "2024-06-01"),
            say.invoiced("i1", 500, "2024-01-15"),
            say.invoiced("i2", 500, "2024-03-15"),
            say.paid("t1", "2024-01-10", ("i2", 100, 0)),
            say.withdrawn("2024-02-01", ("i2", 400)),
        )
    )
    assert (view["status"], view["withdrawal_date"]) == ("WITHDRAWN", "2024-02-01")
    assert (view["withdrawal_reason"], view["risk_score"]) == ("moved away", 90)
    assert (view["recommended_intervention"], view["intervention_priority"]) == ("", 0)
    assert view["predicted_withdrawal_date"] is None
    assert (view["invoiced_cents"], view["outstanding_cents"]) == (600, 500)


def test_details_stand_in_no_index_and_no_tally() -> None:
    assert scores_of(FAMILY_DETAILS, *say.one_of_each()) == {}
    assert tallies_of(FAMILY_DETAILS, *say.one_of_each()) == {}


def test_an_unknown_event_changes_nothing() -> None:
    before = view_of(FAMILY_DETAILS, say.enrolled())
    assert view_of(FAMILY_DETAILS, say.enrolled(), events.CreditApplication(amount_cents=5)) == before
