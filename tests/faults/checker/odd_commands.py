"""Histories of commands that look wrong and are right: the checker must not mind them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from diptych.families.v1 import events_pb2 as family_events
from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1.order_command_service_pb2 import OrderItemRequest

from tests import family_events as told
from tests import order_events as say
from tests.faults.checker.changes import OTHER_EPOCH, change_answer, change_receipt, token_at
from tests.faults.checker.log_dump import Fork
from tests.faults.checker.staged import EPOCH, Staged
from tests.faults.checker.story import place

Odd = Callable[[Staged], object]


def a_command_was_never_answered_and_had_its_effect(run: Staged) -> None:
    run["cancel"].answers.clear()


def a_command_was_never_answered_and_had_no_effect(run: Staged) -> None:
    run["never"].answers.clear()


def an_answer_was_lost_and_the_command_is_there(run: Staged) -> None:
    run["credit"].answers.clear()
    run.answer(run["credit"], "info", code="UNAVAILABLE")


def a_command_was_sent_three_times_at_once(run: Staged) -> None:
    for number in (1, 2):
        again = run.again(f"approve {number}", run["approve"])
        again.at, again.client = run["approve"].at, str(number)
        run.answer(again, receipt=run["approve"].receipt, is_replayed=True)


def the_repeat_was_answered_before_the_first(run: Staged) -> None:
    again = run.again("approve again", run["approve"])
    again.at = run["approve"].at + 0.01
    run.answer(again, receipt=run["approve"].receipt, is_replayed=True)
    change_answer(again, at=again.at + 0.02)


def a_command_was_sent_again_long_after(run: Staged) -> None:
    run.now += 50
    run.answer(run.again("stock again", run["mug stock"]), receipt=run["mug stock"].receipt, is_replayed=True)


def a_repeat_found_nobody_there(run: Staged) -> None:
    run.answer(run.again("approve again", run["approve"]), "fail", code="UNAVAILABLE")
    run.healed_at = run.now


def a_repeat_ran_out_of_time(run: Staged) -> None:
    run.answer(run.again("approve again", run["approve"]), "info", code="DEADLINE_EXCEEDED")
    run.healed_at = run.now


def other_content_under_a_known_id_was_refused(run: Staged) -> None:
    again = run.again("approve again", run["approve"])
    again.request = run["cancel"].request
    run.answer(again, "fail", code="ALREADY_EXISTS", reason="COMMAND_ID_REUSED")


def a_lost_command_was_refused_when_sent_again(run: Staged) -> None:
    run.answer(run.again("never again", run["never"]), "fail", code="ABORTED", reason="CONCURRENT_UPDATE")


def a_command_was_refused_for_a_version_that_came_meanwhile(run: Staged) -> None:
    call = run["approve late"]
    call.at, call.expected_version = run["approve"].at + 0.05, 2


def a_refusal_names_a_version_that_came_while_it_was_asked(run: Staged) -> None:
    call = run.sent("early", "ApproveOrder", expected_version=1, order_id="o1")
    call.stream, call.at = "order-o1", run["add"].at - 0.5
    run.answer(call, "fail", code="ABORTED", reason="WRONG_EXPECTED_VERSION", current_version=2)
    change_answer(call, at=run["add"].at + 0.01)


def a_refusal_names_no_version(run: Staged) -> None:
    change_answer(run["approve late"], current_version=None)


def two_created_the_same_and_one_was_refused(run: Staged) -> None:
    call = run.sent("o2 too", "PlaceOrder", expected_version=0, order_id="o2")
    call.stream, call.at = "order-o2", run["o2"].at
    run.answer(call, "fail", code="ABORTED", reason="WRONG_EXPECTED_VERSION", current_version=1)


def something_was_created_where_nothing_was_expected(run: Staged) -> None:
    run["o2"].expected_version = 0


def commands_at_the_same_time_stand_in_another_order(run: Staged) -> None:
    change_answer(run["mug"], at=run["tin"].answers[-1].at + 0.01)
    run["mug"].at, run["tin"].at = run["tin"].at, run["mug"].at


def an_acknowledgement_came_late(run: Staged) -> None:
    change_answer(run["alice"], at=run["o2"].at + 0.5)


def events_were_recorded_at_the_same_time(run: Staged) -> None:
    first = run.log.events[-1].recorded_at
    place(run, "o4", ("tin", 1, 300))
    for position in (run.log.head - 1, run.log.head):
        run.log.events[position - 1] = replace(run.log.events[position - 1], recorded_at=first)


def a_product_is_sold_out(run: Staged) -> None:
    place(run, "o4", ("tin", 3, 300), ("mug", 8, 500))


def a_line_was_taken_out_and_put_in_again(run: Staged) -> None:
    item: Any = {"order_id": "o4", "sku": "tin"}
    place(run, "o4", ("tin", 1, 300), ("mug", 1, 500))
    gone = events.OrderItemRemoved(quantity=1, line_count=1, total_cents=500, **item)
    run.command("out", "RemoveOrderItem", gone, events.StockReleased(quantity=1, **item), **item)
    back = events.OrderItemAdded(order_id="o4", item=say.item("tin", 2, 300), total_cents=1100)
    reserved = events.StockReserved(quantity=2, **item)
    asked = OrderItemRequest(sku="tin", quantity=2)
    run.command("in", "AddOrderItem", back, reserved, order_id="o4", item=asked)


def stock_was_lost(run: Staged) -> None:
    lost: Any = {"sku": "tin", "delta": -3, "reason": "fire"}
    run.command("fire", "AdjustStock", events.StockAdjusted(**lost), **lost)


def a_customer_came_and_went_and_has_another_name(run: Staged) -> None:
    alice: Any = {"customer_id": "alice"}
    run.command("stop", "SuspendCustomer", events.CustomerSuspended(**alice, reason="late"), **alice)
    run.command("go on", "ReinstateCustomer", events.CustomerReinstated(**alice), **alice)
    renamed = events.CustomerUpdated(**alice, name="Ålice  STRAẞE", email="a@example.org")
    run.command("rename", "UpdateCustomer", renamed, **alice, name="Ålice  STRAẞE")


def a_payment_had_no_invoice(run: Staged) -> None:
    payment: Any = {"family_id": "smith", "transaction_id": "t2", "amount_cents": 70}
    date = told.day("2024-03-01")
    paid = family_events.PaymentReceived(
        **payment, currency_code="USD", received_date=date, payment_method="cash", credit_cents=70
    )
    run.command("pay more", "ReceivePayment", paid, **payment)


def a_withdrawal_took_back_an_invoice(run: Staged) -> None:
    fields: Any = {"family_id": "smith", "invoice_id": "i2", "amount_cents": 1_500}
    invoice = told.invoiced("i2", 1_500, "2024-04-01", ("t1", "card", 1_000))
    run.command("i2", "IssueTuitionInvoice", invoice, **fields)
    gone = family_events.FamilyWithdrawn(family_id="smith", date=told.day("2024-03-01"), reason="moved")
    gone.cancellations.add(invoice_id="i2", cancelled_cents=500)
    run.command("leave", "WithdrawFamily", gone, family_id="smith", reason="moved")


def the_command_that_was_lost_came_to_life_much_later(run: Staged) -> None:
    command_id = run["never"].command_id
    assert command_id is not None
    run._append(events.StockReceived(sku="tin", quantity=99), command_id)
    last = run.log.events[-1]
    row = replace(run.log.commands[0], command_id=command_id, stream=last.stream)
    run.log.commands.append(replace(row, version=last.version, position=last.position))


def what_a_dead_history_alone_had_is_gone(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=20, replaced_at=run.now)
    lost = run.sent("lost", "ApproveOrder", order_id="o2")
    run.answer(lost, receipt=token_at(21, "order-o2", 2, epoch=OTHER_EPOCH))


def what_both_histories_have_was_accepted_in_the_dead_one(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=20, replaced_at=run.now)
    change_receipt(run["approve"], epoch=OTHER_EPOCH)


def a_repeat_after_a_restore_is_answered_in_the_new_history(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=20, replaced_at=run.now)
    again = run.again("approve again", run["approve"])
    run.answer(again, receipt=run["approve"].receipt, is_replayed=True)
    change_receipt(run["approve"], epoch=OTHER_EPOCH)


def a_command_that_a_restore_lost_was_accepted_once_more(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=5, replaced_at=run.now)
    again = run.again("approve again", run["approve"])
    run.answer(again, receipt=run["approve"].receipt, is_replayed=False)
    again.at = run["approve"].at
    change_answer(again, at=run["approve"].ended)
    change_receipt(run["approve"], epoch=OTHER_EPOCH, position=9)


def a_call_is_of_a_service_that_the_checker_does_not_know(run: Staged) -> None:
    call = run._call("health", "Check", None)
    run.answer(call, code="OK")


def nothing_but_the_epoch_is_known_of_a_token(run: Staged) -> None:
    run["read o2"].token = token_at(0, epoch=EPOCH)


def ids_are_of_every_kind(run: Staged) -> None:
    assert isinstance(run["alice"].command_id, UUID)
    fields: Any = {"customer_id": "a.b-c_D", "name": "x" * 200, "email": "x@example.com"}
    run.command("odd id", "RegisterCustomer", events.CustomerRegistered(**fields), **fields)


def a_refusal_names_a_version_that_a_restore_took_away(run: Staged) -> None:
    change_answer(run["approve late"], current_version=4)
    run.log.forks[OTHER_EPOCH] = Fork(common_position=12, replaced_at=run.now)


def a_command_was_refused_for_a_version_that_a_restore_took_away(run: Staged) -> None:
    call = run.sent("refused", "ShipOrder", expected_version=3, order_id="o1")
    call.stream = "order-o1"
    run.answer(call, "fail", code="ABORTED", reason="WRONG_EXPECTED_VERSION", current_version=4)
    run.log.forks[OTHER_EPOCH] = Fork(common_position=run.log.head, replaced_at=run.now)


ODD_COMMANDS: Sequence[Odd] = (
    a_command_was_never_answered_and_had_its_effect,
    a_command_was_never_answered_and_had_no_effect,
    an_answer_was_lost_and_the_command_is_there,
    a_command_was_sent_three_times_at_once,
    the_repeat_was_answered_before_the_first,
    a_command_was_sent_again_long_after,
    a_repeat_found_nobody_there,
    a_repeat_ran_out_of_time,
    other_content_under_a_known_id_was_refused,
    a_lost_command_was_refused_when_sent_again,
    a_command_was_refused_for_a_version_that_came_meanwhile,
    a_refusal_names_a_version_that_came_while_it_was_asked,
    a_refusal_names_no_version,
    two_created_the_same_and_one_was_refused,
    something_was_created_where_nothing_was_expected,
    commands_at_the_same_time_stand_in_another_order,
    an_acknowledgement_came_late,
    events_were_recorded_at_the_same_time,
    a_product_is_sold_out,
    a_line_was_taken_out_and_put_in_again,
    stock_was_lost,
    a_customer_came_and_went_and_has_another_name,
    a_payment_had_no_invoice,
    a_withdrawal_took_back_an_invoice,
    the_command_that_was_lost_came_to_life_much_later,
    what_a_dead_history_alone_had_is_gone,
    what_both_histories_have_was_accepted_in_the_dead_one,
    a_repeat_after_a_restore_is_answered_in_the_new_history,
    a_command_that_a_restore_lost_was_accepted_once_more,
    a_call_is_of_a_service_that_the_checker_does_not_know,
    nothing_but_the_epoch_is_known_of_a_token,
    ids_are_of_every_kind,
    a_refusal_names_a_version_that_a_restore_took_away,
    a_command_was_refused_for_a_version_that_a_restore_took_away,
)
