"""A family as a row of the list of those that may leave: given events, then view and places."""

import pytest

from projector.families.at_risk_family import AT_RISK_FAMILY
from tests import family_events as say
from tests.plain import plain
from tests.specs.projections.folded import scores_of, tallies_of, view_of


@pytest.mark.parametrize(
    ("score", "floors"),
    [(0, [0]), (39, [0]), (40, [0, 40]), (70, [0, 40, 70]), (84, [0, 40, 70]), (85, [0, 40, 70, 85])],
)
def test_a_family_is_on_the_list_of_each_floor_up_to_its_score(score: int, floors: list[int]) -> None:
    given = say.enrolled(), say.risk(0, score), say.recommended("call", 3)
    expected = {f"at_risk/{floor}": 3000 + score for floor in floors} | {"at_risk_score": score}
    assert scores_of(AT_RISK_FAMILY, *given) == expected


def test_priority_comes_before_risk() -> None:
    urgent = scores_of(AT_RISK_FAMILY, say.enrolled(), say.risk(0, 70), say.recommended("call", 2))
    risky = scores_of(AT_RISK_FAMILY, say.enrolled(), say.risk(0, 100), say.recommended("call", 1))
    assert urgent["at_risk/70"] > risky["at_risk/70"]


def test_the_highest_score_is_remembered() -> None:
    view = plain(view_of(AT_RISK_FAMILY, say.enrolled(), say.risk(0, 90), say.risk(90, 75)))
    assert (view["risk_score"], view["risk_tier"], view["highest_risk_score"]) == (75, "HIGH", 90)
    assert [factor["points"] for factor in view["risk_factors"]] == [75]


def test_the_row_shows_what_to_do_and_who_does_it() -> None:
    view = plain(
        view_of(
            AT_RISK_FAMILY,
            say.enrolled(),
            say.recommended("call", 4, "2024-06-01"),
            say.contacted("2024-01-10"),
            say.contacted("2024-01-05", "visit"),
            say.prefers("e-mail"),
            say.assigned("Robin"),
        )
    )
    assert (view["recommended_intervention"], view["intervention_priority"]) == ("call", 4)
    assert (view["predicted_withdrawal_date"], view["status"]) == ("2024-06-01", "ENROLLED")
    assert (view["last_contact_date"], view["last_contact_method"]) == ("2024-01-10", "phone")
    assert (view["preferred_contact_channel"], view["assigned_coordinator"]) == ("e-mail", "Robin")


def test_a_withdrawn_family_is_on_no_list_and_has_no_recommendation() -> None:
    given = say.enrolled(), say.risk(0, 90), say.recommended("call", 4, "2024-06-01")
    view = plain(view_of(AT_RISK_FAMILY, *given, say.withdrawn("2024-02-01")))
    assert scores_of(AT_RISK_FAMILY, *given, say.withdrawn("2024-02-01")) == {}
    assert (view["status"], view["risk_score"], view["intervention_priority"]) == ("WITHDRAWN", 90, 0)
    assert (view["recommended_intervention"], view["predicted_withdrawal_date"]) == ("", None)


def test_money_is_not_its_own() -> None:
    assert tallies_of(AT_RISK_FAMILY, *say.one_of_each()[:-1]) == {}
