"""Histories of commands and logs that are wrong in one place, with the checks that must see it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1.order_command_service_pb2 import RegisterCustomerRequest

from tests import order_events as say
from tests.faults.checker.changes import (
    OTHER_EPOCH,
    change_answer,
    change_event,
    change_payload,
    change_receipt,
    token_at,
)
from tests.faults.checker.log_dump import Fork
from tests.faults.checker.staged import Staged

Bad = tuple[frozenset[str], Callable[[Staged], object]]


def an_accepted_command_is_not_in_the_log(run: Staged) -> None:
    lost = run.sent("lost", "ApproveOrder", order_id="o2")
    run.answer(lost, receipt=token_at(run.log.head + 1, "order-o2", 2))


def a_receipt_names_another_position(run: Staged) -> None:
    change_receipt(run["cancel"], position=run.log.head)


def a_receipt_names_another_version(run: Staged) -> None:
    change_receipt(run["approve"], version=4)


def a_receipt_names_another_stream(run: Staged) -> None:
    change_receipt(run["approve"], stream="order-o2")


def an_event_says_something_else_than_was_asked_for(run: Staged) -> None:
    run["alice"].request = RegisterCustomerRequest(name="Alicia").SerializeToString()


def a_receipt_is_of_a_history_that_never_was(run: Staged) -> None:
    change_receipt(run["approve"], epoch=OTHER_EPOCH)


def what_both_histories_should_have_is_gone(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=100, replaced_at=run.now)
    lost = run.sent("lost", "ApproveOrder", order_id="o2")
    run.answer(lost, receipt=token_at(90, "order-o2", 2, epoch=OTHER_EPOCH))


def an_event_is_of_a_command_that_nobody_sent(run: Staged) -> None:
    del run.calls["approve"]


def a_refused_command_has_an_event(run: Staged) -> None:
    run["approve"].answers.clear()
    run.answer(run["approve"], "fail", code="FAILED_PRECONDITION", reason="ORDER_NOT_PENDING")


def another_command_stands_in_the_middle_of_one(run: Staged) -> None:
    change_event(run, 7, command_id=run["alice"].command_id)


def an_effect_comes_twice(run: Staged) -> None:
    command_id = run["mug stock"].command_id
    assert command_id is not None
    run._append(events.StockReceived(sku="mug", quantity=10, reference="d1"), command_id)


def a_repeat_is_answered_otherwise(run: Staged) -> None:
    again = run.again("approve again", run["approve"])
    run.answer(again, receipt=run["credit"].receipt, is_replayed=True)


def a_repeat_is_accepted_anew(run: Staged) -> None:
    run.answer(run.again("approve again", run["approve"]), receipt=run["approve"].receipt)


def a_command_id_is_accepted_with_other_content(run: Staged) -> None:
    again = run.again("approve again", run["approve"])
    again.request = run["cancel"].request
    run.answer(again, receipt=run["approve"].receipt, is_replayed=True)


def a_repeat_is_refused_by_the_rules(run: Staged) -> None:
    again = run.again("cancel again", run["cancel"])
    run.answer(again, "fail", code="FAILED_PRECONDITION", reason="ORDER_ALREADY_CANCELLED")


def a_repeat_is_taken_for_other_content(run: Staged) -> None:
    again = run.again("cancel again", run["cancel"])
    run.answer(again, "fail", code="ALREADY_EXISTS", reason="COMMAND_ID_REUSED")


def positions_have_a_hole(run: Staged) -> None:
    change_event(run, run.log.head, position=run.log.head + 1)


def the_head_is_beyond_the_events(run: Staged) -> None:
    run.log.head += 1


def two_events_have_the_same_version(run: Staged) -> None:
    last = max(event.position for event in run.log.events if event.stream == "product-mug")
    change_event(run, last, version=run.log.events[last - 1].version - 1)


def time_goes_back(run: Staged) -> None:
    event = run.log.events[2]
    change_event(run, 3, recorded_at=event.recorded_at + timedelta(seconds=1.5))


def an_event_is_filed_under_another_category(run: Staged) -> None:
    change_event(run, 1, category="person")


def an_event_id_stands_twice(run: Staged) -> None:
    change_event(run, 1, event_id=run.log.events[1].event_id)


def no_answer_is_stored(run: Staged) -> None:
    run.log.commands.pop()


def an_answer_is_stored_for_nothing(run: Staged) -> None:
    run.log.commands.append(replace(run.log.commands[0], command_id=UUID(int=999)))


def the_stored_answer_names_another_position(run: Staged) -> None:
    run.log.commands[-1] = replace(run.log.commands[-1], position=1)


def a_command_is_accepted_on_another_version(run: Staged) -> None:
    run["approve"].expected_version = 1


def a_command_is_refused_though_its_version_was_right(run: Staged) -> None:
    call = run.sent("refused", "ShipOrder", expected_version=3, order_id="o1")
    call.stream = "order-o1"
    run.answer(call, "fail", code="ABORTED", reason="WRONG_EXPECTED_VERSION")


def a_creation_is_refused_though_nothing_was_there(run: Staged) -> None:
    call = run.sent("refused", "PlaceOrder", expected_version=0, order_id="o8")
    call.stream = "order-o8"
    run.answer(call, "fail", code="ABORTED", reason="WRONG_EXPECTED_VERSION")


def a_refusal_names_a_version_that_was_not_there_yet(run: Staged) -> None:
    change_answer(run["approve late"], current_version=4)


def a_refusal_names_a_version_that_was_over(run: Staged) -> None:
    run["approve late"].expected_version = 1
    change_answer(run["approve late"], current_version=2)


def a_refusal_names_a_version_that_was_over_before_a_restore(run: Staged) -> None:
    a_refusal_names_a_version_that_was_over(run)
    run.log.forks[OTHER_EPOCH] = Fork(common_position=run.log.head, replaced_at=run.now)


def a_command_was_refused_though_its_version_was_right_after_a_restore(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=run.log.head, replaced_at=run.now)
    a_command_is_refused_though_its_version_was_right(run)


def a_command_stands_before_what_was_known_when_it_was_sent(run: Staged) -> None:
    run["alice"].at = run.now + 1
    change_answer(run["alice"], at=run.now + 2)


def more_is_promised_than_there_is(run: Staged) -> None:
    order = events.OrderPlaced(order_id="o9", customer_id="alice", items=[say.item("mug", 90, 500)])
    order.total_cents = 45_000
    reserved = events.StockReserved(sku="mug", quantity=90, order_id="o9")
    run.command("o9", "PlaceOrder", order, reserved, order_id="o9", customer_id="alice")


def a_cancelled_order_keeps_its_units(run: Staged) -> None:
    run.command("cancel o2", "CancelOrder", say.cancelled("o2"), order_id="o2", reason="too late")


def an_order_stands_without_units(run: Staged) -> None:
    order = say.placed("o9", ("mug", 1, 500))
    run.command("o9", "PlaceOrder", order, order_id="o9", customer_id="alice")


def a_total_is_not_the_sum_of_its_lines(run: Staged) -> None:
    change_payload(run, "o2", lambda it: setattr(it, "total_cents", 501))


def a_payment_is_not_the_sum_of_its_parts(run: Staged) -> None:
    change_payload(run, "pay", lambda it: setattr(it, "credit_cents", 999))


def more_units_are_in_the_log_than_were_asked_for(run: Staged) -> None:
    change_payload(run, "tin stock", lambda it: setattr(it, "quantity", 6))


def an_event_is_of_a_type_that_nobody_knows(run: Staged) -> None:
    change_event(run, 3, type=None)


BAD_COMMANDS: Sequence[Bad] = (
    (frozenset({"C1"}), an_accepted_command_is_not_in_the_log),
    (frozenset({"C1"}), a_receipt_names_another_position),
    (frozenset({"C1"}), a_receipt_names_another_version),
    (frozenset({"C1"}), a_receipt_names_another_stream),
    (frozenset({"C1"}), an_event_says_something_else_than_was_asked_for),
    (frozenset({"C1"}), a_receipt_is_of_a_history_that_never_was),
    (frozenset({"C1"}), what_both_histories_should_have_is_gone),
    (frozenset({"C2"}), an_event_is_of_a_command_that_nobody_sent),
    (frozenset({"C2"}), a_refused_command_has_an_event),
    (frozenset({"C3"}), another_command_stands_in_the_middle_of_one),
    (frozenset({"C3"}), an_effect_comes_twice),
    (frozenset({"C3"}), a_repeat_is_answered_otherwise),
    (frozenset({"C3"}), a_repeat_is_accepted_anew),
    (frozenset({"C3"}), a_command_id_is_accepted_with_other_content),
    (frozenset({"C3"}), a_repeat_is_refused_by_the_rules),
    (frozenset({"C3"}), a_repeat_is_taken_for_other_content),
    (frozenset({"C4"}), positions_have_a_hole),
    (frozenset({"C4"}), the_head_is_beyond_the_events),
    (frozenset({"C4"}), two_events_have_the_same_version),
    (frozenset({"C4"}), time_goes_back),
    (frozenset({"C4"}), an_event_is_filed_under_another_category),
    (frozenset({"C4"}), an_event_id_stands_twice),
    (frozenset({"C4"}), no_answer_is_stored),
    (frozenset({"C4"}), an_answer_is_stored_for_nothing),
    (frozenset({"C4"}), the_stored_answer_names_another_position),
    (frozenset({"C5"}), a_command_is_accepted_on_another_version),
    (frozenset({"C5"}), a_command_is_refused_though_its_version_was_right),
    (frozenset({"C5"}), a_creation_is_refused_though_nothing_was_there),
    (frozenset({"C5"}), a_refusal_names_a_version_that_was_not_there_yet),
    (frozenset({"C5"}), a_refusal_names_a_version_that_was_over),
    (frozenset({"C5"}), a_refusal_names_a_version_that_was_over_before_a_restore),
    (frozenset({"C5"}), a_command_was_refused_though_its_version_was_right_after_a_restore),
    (frozenset({"C6"}), a_command_stands_before_what_was_known_when_it_was_sent),
    (frozenset({"stock"}), more_is_promised_than_there_is),
    (frozenset({"stock"}), a_cancelled_order_keeps_its_units),
    (frozenset({"stock"}), an_order_stands_without_units),
    (frozenset({"money"}), a_total_is_not_the_sum_of_its_lines),
    (frozenset({"money"}), a_payment_is_not_the_sum_of_its_parts),
    (frozenset({"money"}), more_units_are_in_the_log_than_were_asked_for),
    (frozenset({"unreadable"}), an_event_is_of_a_type_that_nobody_knows),
)
