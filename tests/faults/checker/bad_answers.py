"""Answers that are wrong in one place, with the checks that must see it."""

from collections.abc import Sequence
from dataclasses import replace

from tests.faults.checker.bad_commands import Bad
from tests.faults.checker.calls import Entity
from tests.faults.checker.changes import (
    OTHER_EPOCH,
    ask_for,
    change_answer,
    change_freshness,
    change_receipt,
    change_response,
    change_rows,
    final,
    query_at,
    token_at,
)
from tests.faults.checker.log_dump import Fork
from tests.faults.checker.staged import Staged
from tests.faults.checker.story import place


def an_answer_is_from_before_its_token(run: Staged) -> None:
    query_at(run, "old", 12).token = token_at(run.log.head)


def a_stale_answer_is_given_to_who_did_not_ask_for_it(run: Staged) -> None:
    call = query_at(run, "old", 12, lag_seconds=500.0, is_stale=True)
    call.token = token_at(run.log.head)
    ask_for(call)


def a_fully_consistent_answer_leaves_out_what_was_known(run: Staged) -> None:
    ask_for(query_at(run, "old", 12, lag_seconds=500.0, is_stale=True), fully_consistent=True)


def an_answer_has_an_older_version_than_its_token(run: Staged) -> None:
    run["read o1"].token = token_at(5, "order-o1", 4)


def a_token_of_another_history_is_answered(run: Staged) -> None:
    run["read o2"].token = token_at(3, epoch=OTHER_EPOCH)


def what_the_token_includes_is_not_found(run: Staged) -> None:
    run["read o2"].answers.clear()
    run.answer(run["read o2"], "fail", code="NOT_FOUND", reason="ORDER_NOT_FOUND")


def an_answer_has_another_version_than_its_position(run: Staged) -> None:
    change_answer(run["read o2"], entity=Entity(view="order_details", id="o2", version=2))


def an_answer_is_from_behind_the_end(run: Staged) -> None:
    change_freshness(run["read o1"], position=run.log.head + 1)


def an_answer_is_from_the_middle_of_a_command(run: Staged) -> None:
    query_at(run, "half", 9)


def a_list_shows_what_was_not_there_yet(run: Staged) -> None:
    place(run, "o4", ("tin", 1, 300))
    change_rows(run["approved"], ("o1", "o4"))


def an_answer_says_something_else(run: Staged) -> None:
    change_response(run["read o1"], lambda it: setattr(it.order, "approved_by", "nobody"))


def a_product_shows_other_units(run: Staged) -> None:
    change_response(run["read mug"], lambda it: setattr(it.product, "reserved", 9))


def a_customer_shows_other_money(run: Staged) -> None:
    change_response(run["read alice"], lambda it: setattr(it.customer, "total_spent_cents", 1))


def a_report_shows_other_money(run: Staged) -> None:
    change_response(run["report"], lambda it: setattr(it.rows[0], "credit_cents", 0))


def a_dashboard_shows_other_money(run: Staged) -> None:
    change_response(run["dashboard"], lambda it: setattr(it.dashboard.revenue[0], "open_revenue_cents", 500))


def payments_of_a_month_are_another_sum(run: Staged) -> None:
    change_response(run["payments"], lambda it: setattr(it.months[0], "revenue_collected_cents", 8_999))


def a_tier_has_another_family(run: Staged) -> None:
    change_response(run["tiers"], lambda it: setattr(it.tiers[0], "families", 1))


def a_family_is_enrolled_twice(run: Staged) -> None:
    change_response(run["enrolled"], lambda it: setattr(it.rows[0], "families", 2))


def a_search_leaves_a_family_out(run: Staged) -> None:
    change_response(run["search"], lambda it: it.ClearField("families"))


def a_search_finds_what_has_another_name(run: Staged) -> None:
    run["search in vain"].answers[-1] = run["search"].answers[-1]


def a_search_shows_something_else(run: Staged) -> None:
    change_response(run["search"], lambda it: setattr(it.families[0], "risk_score", 99))


def an_answer_claims_another_time(run: Staged) -> None:
    change_freshness(run["read o1"], as_of_us=1)


def a_dead_history_is_still_answered(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=5, replaced_at=100.0)
    change_freshness(run["read alice"], epoch=OTHER_EPOCH, as_of_us=None)


def a_list_leaves_something_out(run: Staged) -> None:
    change_rows(run["orders"], ("o3", "o2"), ())


def a_list_shows_something_twice(run: Staged) -> None:
    change_rows(run["orders"], ("o3", "o2"), ("o2", "o1"))


def a_list_is_not_in_order(run: Staged) -> None:
    change_rows(run["orders"], ("o2", "o3"), ("o1",))


def a_list_is_in_order_of_something_else(run: Staged) -> None:
    change_rows(run["by total"], ("o3",), ("o2", "o1"))


def a_list_shows_what_does_not_meet_its_filters(run: Staged) -> None:
    change_rows(run["approved"], ("o1", "o2"))


def a_page_is_skipped(run: Staged) -> None:
    page = run["products"].answers[-1].page
    assert page is not None
    change_answer(run["products"], page=replace(page, number=3))


def a_list_is_of_two_generations(run: Staged) -> None:
    change_freshness(run["products"], generation=2)


def an_old_answer_says_that_it_is_new(run: Staged) -> None:
    query_at(run, "old", 12, lag_seconds=1.0, is_stale=True)


def an_old_answer_does_not_say_that_it_is_stale(run: Staged) -> None:
    query_at(run, "old", 12, lag_seconds=500.0)


def an_answer_that_admits_some_lag_lacks_more(run: Staged) -> None:
    missing = run["approve"].answers[-1].at
    added = run["add"].receipt
    assert added is not None
    call = query_at(run, "old", added.position, is_stale=True)
    change_freshness(call, lag_seconds=call.at - missing - 1.5)


def a_given_up_history_lacked_more_than_it_said(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=run.log.head, replaced_at=run.now + 1_000)
    for label in ("approve", "o3 again"):
        change_receipt(run[label], epoch=OTHER_EPOCH)
    change_freshness(query_at(run, "old", 10, lag_seconds=1.0, is_stale=True), epoch=OTHER_EPOCH)


def a_call_fails_when_all_is_healed(run: Staged) -> None:
    run["afterwards"].answers.clear()
    run.answer(run["afterwards"], "fail", code="UNAVAILABLE", reason="PROJECTION_BEHIND")


def a_call_is_never_answered_when_all_is_healed(run: Staged) -> None:
    run["afterwards"].answers.clear()


def a_call_takes_too_long_when_all_is_healed(run: Staged) -> None:
    run["afterwards"].answers.clear()
    run.now += 6
    run.answer(run["afterwards"], "fail", code="DEADLINE_EXCEEDED")


def the_read_models_stay_behind(run: Staged) -> None:
    run.read_models = run.read_models[:1]


def a_projection_stays_paused(run: Staged) -> None:
    final(run).is_paused = True


BAD_ANSWERS: Sequence[Bad] = (
    (frozenset({"C9"}), an_answer_is_from_before_its_token),
    (frozenset({"C9"}), a_stale_answer_is_given_to_who_did_not_ask_for_it),
    (frozenset({"C9"}), a_fully_consistent_answer_leaves_out_what_was_known),
    (frozenset({"C9"}), an_answer_has_an_older_version_than_its_token),
    (frozenset({"C9"}), a_token_of_another_history_is_answered),
    (frozenset({"C9"}), what_the_token_includes_is_not_found),
    (frozenset({"C10"}), an_answer_has_another_version_than_its_position),
    (frozenset({"C10"}), an_answer_is_from_behind_the_end),
    (frozenset({"C10"}), an_answer_is_from_the_middle_of_a_command),
    (frozenset({"C10"}), a_list_shows_what_was_not_there_yet),
    (frozenset({"C10"}), an_answer_says_something_else),
    (frozenset({"C10"}), a_product_shows_other_units),
    (frozenset({"C10"}), a_customer_shows_other_money),
    (frozenset({"C10"}), a_report_shows_other_money),
    (frozenset({"C10"}), a_dashboard_shows_other_money),
    (frozenset({"C10"}), payments_of_a_month_are_another_sum),
    (frozenset({"C10"}), a_tier_has_another_family),
    (frozenset({"C10"}), a_family_is_enrolled_twice),
    (frozenset({"C10"}), a_search_leaves_a_family_out),
    (frozenset({"C10"}), a_search_finds_what_has_another_name),
    (frozenset({"C10"}), a_search_shows_something_else),
    (frozenset({"C10"}), an_answer_claims_another_time),
    (frozenset({"C10"}), a_dead_history_is_still_answered),
    (frozenset({"C11"}), a_list_leaves_something_out),
    (frozenset({"C11"}), a_list_shows_something_twice),
    (frozenset({"C11"}), a_list_is_not_in_order),
    (frozenset({"C11"}), a_list_is_of_two_generations),
    (frozenset({"C11"}), a_list_is_in_order_of_something_else),
    (frozenset({"C11"}), a_list_shows_what_does_not_meet_its_filters),
    (frozenset({"C11"}), a_page_is_skipped),
    (frozenset({"C12"}), an_old_answer_says_that_it_is_new),
    (frozenset({"C12"}), an_old_answer_does_not_say_that_it_is_stale),
    (frozenset({"C12"}), an_answer_that_admits_some_lag_lacks_more),
    (frozenset({"C12"}), a_given_up_history_lacked_more_than_it_said),
    (frozenset({"C15"}), a_call_fails_when_all_is_healed),
    (frozenset({"C15"}), a_call_is_never_answered_when_all_is_healed),
    (frozenset({"C15"}), a_call_takes_too_long_when_all_is_healed),
    (frozenset({"C15"}), the_read_models_stay_behind),
    (frozenset({"C15"}), a_projection_stays_paused),
)
