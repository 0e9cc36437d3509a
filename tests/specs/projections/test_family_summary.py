"""A family as a row of lists and reports: given events, then view, indexes and tallies."""

from projector.contributions import contributions_of
from projector.families.family_summary import FAMILY_SUMMARY
from tests import family_events as say
from tests.plain import plain
from tests.specs.projections.folded import scores_of, tallies_of, view_of

SCORED = (say.enrolled(on="1970-01-11"), say.risk(0, 72), say.engagement(0, 55))


def test_a_summary_shows_names_scores_and_money() -> None:
    view = plain(
        view_of(
            FAMILY_SUMMARY,
            *SCORED,
            say.child_added("Zoë", "2015-05-01"),
            say.child_added("Ann", "2012-01-31"),
            say.invoiced("i1", 500, "2024-01-15", ("t0", "card", 50)),
            say.paid("t1", "2024-01-20", ("i1", 100, 5), credit_cents=7),
        )
    )
    assert (view["family_name"], view["children_count"]) == ("Smith", 2)
    assert (view["children_names"], view["status"]) == (["Zoë", "Ann"], "ENROLLED")
    assert (view["engagement_score"], view["risk_score"], view["risk_tier"]) == (55, 72, "HIGH")
    assert (view["total_paid_cents"], view["outstanding_cents"]) == (107, 350)
    assert (view["last_payment_date"], view["withdrawal_date"]) == ("2024-01-20", None)


def test_a_family_stands_in_each_order_by_status_and_by_tier() -> None:
    scores = {"risk": 72, "engagement": 55, "enrolled": 10}
    facets = ("", "/status/ENROLLED", "/tier/HIGH")
    expected = {order + facet: score for order, score in scores.items() for facet in facets}
    assert scores_of(FAMILY_SUMMARY, *SCORED) == expected


def test_an_enrolment_before_1970_has_a_negative_place() -> None:
    assert scores_of(FAMILY_SUMMARY, say.enrolled(on="1969-12-31"))["enrolled"] == -1


def test_search_finds_the_family_and_each_child() -> None:
    given = say.enrolled(name="Ångström"), say.child_added("Zoë", "2015-05-01")
    texts = contributions_of(FAMILY_SUMMARY, view_of(FAMILY_SUMMARY, *given)).texts
    assert texts == {"family_search": ("angstrom\nzoe", 0)}


def test_an_enrolled_family_counts_by_tier_and_by_month_of_enrolment() -> None:
    assert tallies_of(FAMILY_SUMMARY, *SCORED) == {
        ("tiers", "all", "families|HIGH"): 1,
        ("tiers", "all", "engagement|HIGH"): 55,
        ("tiers", "all", "risk|HIGH"): 72,
        ("enrollment", "1970-01", "families|HIGH"): 1,
        ("enrollment", "1970-01", "engagement|HIGH"): 55,
        ("active", "1970-01", "enrolled|USD"): 1,
    }


def test_a_withdrawn_family_counts_as_withdrawn_in_its_last_tier() -> None:
    gone = say.withdrawn("1970-03-01")
    assert tallies_of(FAMILY_SUMMARY, *SCORED, gone) == {
        ("enrollment", "1970-01", "withdrawn|HIGH"): 1,
        ("active", "1970-01", "enrolled|USD"): 1,
        ("active", "1970-03", "withdrawn|USD"): 1,
    }
    scores = scores_of(FAMILY_SUMMARY, *SCORED, gone)
    assert "risk/status/ENROLLED" not in scores
    assert (scores["risk/status/WITHDRAWN"], scores["risk/tier/HIGH"]) == (72, 72)


def test_a_family_that_leaves_owes_less_by_what_is_cancelled() -> None:
    given = say.enrolled(), say.invoiced("i1", 500, "2024-03-15"), say.withdrawn("2024-02-01", ("i1", 500))
    view = view_of(FAMILY_SUMMARY, *given)
    assert (view.outstanding_cents, plain(view.withdrawal_date)) == (0, "2024-02-01")
