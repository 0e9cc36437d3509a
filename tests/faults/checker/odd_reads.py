"""Read models and answers that look wrong and are right: the checker must not mind them."""

from collections.abc import Sequence
from dataclasses import replace

from diptych.consistency.v1.consistency_pb2 import ON_TIMEOUT_SERVE_STALE

from tests.faults.checker.calls import Entity
from tests.faults.checker.changes import (
    OTHER_EPOCH,
    ask_for,
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


def a_late_answer_says_so(run: Staged) -> None:
    query_at(run, "late", 12, lag_seconds=500.0, is_stale=True)


def an_answer_from_before_its_token_says_so(run: Staged) -> None:
    query_at(run, "late", 12, lag_seconds=500.0, is_stale=True).token = token_at(run.log.head)


def a_stale_answer_was_asked_for(run: Staged) -> None:
    call = query_at(run, "late", 12, lag_seconds=500.0, is_stale=True)
    call.token = token_at(run.log.head)
    ask_for(call, on_timeout=ON_TIMEOUT_SERVE_STALE)


def a_fully_consistent_answer_has_all(run: Staged) -> None:
    ask_for(run["read o1"], fully_consistent=True)


def a_fully_consistent_answer_lacks_what_came_while_it_was_made(run: Staged) -> None:
    call = query_at(run, "before", 21)
    ask_for(call, fully_consistent=True)
    call.at = run["pay"].at + 0.05


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
    a_stale_answer_was_asked_for,
    a_fully_consistent_answer_has_all,
    a_fully_consistent_answer_lacks_what_came_while_it_was_made,
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
    a_version_was_not_recorded,
    calls_failed_before_all_was_healed,
    a_hurried_call_ran_out_of_time,
    a_rule_refused_after_all_was_healed,
)
