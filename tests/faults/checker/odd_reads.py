"""Read models and answers that look wrong and are right: the checker must not mind them."""

from collections.abc import Sequence
from dataclasses import replace

from diptych.orders.v1 import events_pb2 as events

from tests import order_events as say
from tests.faults.checker.calls import Entity
from tests.faults.checker.changes import (
    OTHER_EPOCH,
    change_answer,
    change_freshness,
    final,
    freshness_at,
    query_at,
    token_at,
)
from tests.faults.checker.log_dump import Fork
from tests.faults.checker.odd_commands import Odd
from tests.faults.checker.read_dump import Apply, ReadDump
from tests.faults.checker.staged import EPOCH, Staged
from tests.faults.checker.staged_dump import dump_of
from tests.faults.checker.story import place


def a_late_answer_says_so(run: Staged) -> None:
    query_at(run, "late", 12, lag_seconds=500.0, is_stale=True)


def an_answer_from_before_its_token_says_so(run: Staged) -> None:
    query_at(run, "late", 12, lag_seconds=500.0, is_stale=True).token = token_at(run.log.head)


def who_gives_no_token_may_go_back_in_time(run: Staged) -> None:
    query_at(run, "before", run.log.head)
    query_at(run, "after", 12, lag_seconds=500.0, is_stale=True)


def the_lag_is_a_little_too_small(run: Staged) -> None:
    call = query_at(run, "late", 21)
    call.at = run["pay"].ended + 3.5
    change_answer(call, at=call.at + 0.1)


def the_lag_is_larger_than_it_need_be(run: Staged) -> None:
    change_freshness(run["read o1"], lag_seconds=60.0, is_stale=True)


def a_token_of_another_stream_was_given(run: Staged) -> None:
    run["read o1"].token = run["pay"].receipt


def a_token_of_the_dead_history_is_of_what_both_have(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=20, replaced_at=100.0)
    run["read o1"].token = token_at(13, "order-o1", 3, epoch=OTHER_EPOCH)


def the_dead_history_was_answered_a_moment_longer(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=20, replaced_at=run["read alice"].at - 4)
    change_freshness(run["read alice"], epoch=OTHER_EPOCH, as_of_us=None)


def what_a_token_does_not_include_is_not_found(run: Staged) -> None:
    run["read o2"].answers.clear()
    run["read o2"].token = token_at(5)
    run.answer(run["read o2"], "fail", code="NOT_FOUND", reason="ORDER_NOT_FOUND")


def a_query_was_refused_while_it_waited(run: Staged) -> None:
    run["read o2"].answers.clear()
    run.answer(run["read o2"], "fail", code="UNAVAILABLE", reason="PROJECTION_BEHIND")


def an_empty_read_model_was_answered(run: Staged) -> None:
    call = run.scan("nothing", "ListOrders", [])
    change_answer(call, freshness=freshness_at(0, lag_seconds=900.0, is_stale=True))


def nothing_was_ever_written(run: Staged) -> None:
    run.read_models.insert(0, ReadDump(projection="orders"))


def a_generation_has_just_begun(run: Staged) -> None:
    fresh = {"epoch": str(EPOCH), "position": "0", "events": "0", "head": "0"}
    run.read_models.insert(0, ReadDump(projection="orders", generation=2, fence=3, checkpoint=fresh))


def a_dump_is_of_a_dead_history(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=5, replaced_at=100.0)
    run.read_models[0].checkpoint["epoch"] = str(OTHER_EPOCH)
    run.read_models[0].tallies.clear()


def a_dump_is_of_what_both_histories_have(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=20, replaced_at=100.0)
    run.read_models[0].checkpoint["epoch"] = str(OTHER_EPOCH)


def an_older_dump_was_taken_last(run: Staged) -> None:
    run.read_models.insert(0, final(run))


def a_projection_was_paused_for_a_while(run: Staged) -> None:
    run.read_models[0].is_paused = True


def no_trace_was_kept(run: Staged) -> None:
    for dump in run.read_models:
        dump.trace = None


def two_generations_were_written_by_turns(run: Staged) -> None:
    dump = final(run)
    first, last = Apply(token=1, generation=1, after_position=0, position=3), dump.position
    other = Apply(token=2, generation=2, after_position=0, position=5)
    dump.trace = [first, other, Apply(token=5, generation=1, after_position=3, position=last)]
    dump.fence = 9


def a_step_had_nothing_in_it(run: Staged) -> None:
    dump = final(run)
    assert dump.trace is not None
    at = dump.position
    dump.trace.append(Apply(token=2, generation=1, after_position=at, position=at))


def a_dump_was_taken_after_each_command(run: Staged) -> None:
    for row in run.log.commands:
        part = replace(run.log, events=run.log.events[: row.position])
        run.read_models.insert(0, dump_of("orders", run.side("orders", row.position), part))
        run.read_models[0].trace = None


def _moved_on(run: Staged, label: str) -> None:
    """Approve o2 between the first page of a scan and its last."""
    fields = {"order_id": "o2", "approved_by": "bob"}
    run.command(label, "ApproveOrder", say.approved("o2"), order_id="o2", approved_by=fields["approved_by"])


def an_order_that_changed_is_shown_twice(run: Staged) -> None:
    call = run.scan("changing", "ListOrders", ["o3", "o2"], ["o2", "o1"])
    _moved_on(run, "approve o2")
    change_answer(call, freshness=run.freshness())


def an_order_that_changed_is_not_shown(run: Staged) -> None:
    call = run.scan("changing", "ListOrders", [], ["o1"], status=2)
    _moved_on(run, "approve o2")
    change_answer(call, freshness=run.freshness())


def an_order_that_left_is_shown(run: Staged) -> None:
    call = run.scan("changing", "ListOrders", ["o2"], [], status=1)
    _moved_on(run, "approve o2")
    change_answer(call, freshness=run.freshness())


def an_order_that_came_is_not_shown(run: Staged) -> None:
    call = run.scan("growing", "ListOrders", ["o3", "o2"], ["o1"])
    place(run, "o4", ("tin", 1, 300))
    change_answer(call, freshness=run.freshness())


def an_order_that_came_is_shown(run: Staged) -> None:
    place(run, "o4", ("tin", 1, 300))
    run.scan("grown", "ListOrders", ["o4", "o3"], ["o2", "o1"])


def a_scan_was_broken_off(run: Staged) -> None:
    call = run["orders"]
    call.answers.pop()
    run.answer(call, "fail", code="UNAVAILABLE")


def a_scan_went_on_in_another_call(run: Staged) -> None:
    call = run["orders"]
    rest = run._call("the rest", "ListOrders", None)
    rest.request = call.request
    rest.answers.append(replace(call.answers.pop(), at=run.now))


def a_list_was_asked_for_in_part(run: Staged) -> None:
    run.scan("part", "ListOrders", ["o3"], limit=1)


def a_list_is_empty(run: Staged) -> None:
    run.scan("none", "ListOrders", [], status=4)


def names_are_the_same(run: Staged) -> None:
    for sku in ("cup", "tan"):
        product = events.ProductRegistered(sku=sku, name="MÚG")
        run.command(sku, "RegisterProduct", product, sku=sku, name="MÚG")
    run.scan("by name", "ListProducts", ["cup", "mug"], ["tan", "tin"])
    run.scan("from the end", "ListProducts", ["tin", "tan"], ["mug", "cup"], is_descending=True)


def orders_were_searched_for(run: Staged) -> None:
    run.scan("search", "SearchOrders", ["o3", "o2"], ["o1"], term="ÁLICE")


def products_are_short(run: Staged) -> None:
    run.scan("short", "ListProducts", ["tin"], low_stock_below=8, order_by=2)


def a_list_of_orders_was_of_a_customer(run: Staged) -> None:
    run.scan("hers", "ListCustomerOrders", ["o2"], customer_id="alice", status=1)


def families_at_risk_are_none(run: Staged) -> None:
    run.scan("risk", "ListAtRiskFamilies", [])


def all_families_are_at_some_risk(run: Staged) -> None:
    run.scan("risk", "ListAtRiskFamilies", ["smith"], min_risk_score=0)


def a_version_was_not_recorded(run: Staged) -> None:
    change_answer(run["read o1"], entity=Entity(view="order_details", id="o1"))
    run["read o1"].token = None


def calls_failed_before_all_was_healed(run: Staged) -> None:
    for label in ("read o1", "read smith"):
        run[label].answers.clear()
        run.answer(run[label], "fail", code="UNAVAILABLE", reason="READ_STORE_UNAVAILABLE")


def a_hurried_call_ran_out_of_time(run: Staged) -> None:
    run["afterwards"].answers.clear()
    run.answer(run["afterwards"], "fail", code="DEADLINE_EXCEEDED")


def a_rule_refused_after_all_was_healed(run: Staged) -> None:
    run.answer(run.sent("o9", "ShipOrder", order_id="o9"), "fail", code="NOT_FOUND")


ODD_READS: Sequence[Odd] = (
    a_late_answer_says_so,
    an_answer_from_before_its_token_says_so,
    who_gives_no_token_may_go_back_in_time,
    the_lag_is_a_little_too_small,
    the_lag_is_larger_than_it_need_be,
    a_token_of_another_stream_was_given,
    a_token_of_the_dead_history_is_of_what_both_have,
    the_dead_history_was_answered_a_moment_longer,
    what_a_token_does_not_include_is_not_found,
    a_query_was_refused_while_it_waited,
    an_empty_read_model_was_answered,
    nothing_was_ever_written,
    a_generation_has_just_begun,
    a_dump_is_of_a_dead_history,
    a_dump_is_of_what_both_histories_have,
    an_older_dump_was_taken_last,
    a_projection_was_paused_for_a_while,
    no_trace_was_kept,
    two_generations_were_written_by_turns,
    a_step_had_nothing_in_it,
    a_dump_was_taken_after_each_command,
    an_order_that_changed_is_shown_twice,
    an_order_that_changed_is_not_shown,
    an_order_that_left_is_shown,
    an_order_that_came_is_not_shown,
    an_order_that_came_is_shown,
    a_scan_was_broken_off,
    a_scan_went_on_in_another_call,
    a_list_was_asked_for_in_part,
    a_list_is_empty,
    names_are_the_same,
    orders_were_searched_for,
    products_are_short,
    a_list_of_orders_was_of_a_customer,
    families_at_risk_are_none,
    all_families_are_at_some_risk,
    a_version_was_not_recorded,
    calls_failed_before_all_was_healed,
    a_hurried_call_ran_out_of_time,
    a_rule_refused_after_all_was_healed,
)
