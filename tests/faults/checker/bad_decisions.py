"""Decisions on what was not so, and ids that stand for two commands, with the checks that must see it."""

from collections.abc import Sequence
from typing import Any

from diptych.families.v1 import events_pb2 as family_events
from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1.order_command_service_pb2 import (
    ApproveOrderResponse,
    OrderItemRequest,
    PlaceOrderResponse,
)
from diptych.orders.v1.views_pb2 import OrderStatus

from tests import family_events as told
from tests import order_events as say
from tests.faults.checker.bad_commands import Bad
from tests.faults.checker.changes import change_answer, change_event, change_payload, change_request
from tests.faults.checker.staged import Staged
from tests.faults.checker.story import place, suspend


def an_order_is_of_a_suspended_customer(run: Staged) -> None:
    suspend(run)
    place(run, "o4", ("tin", 1, 300))


def an_order_has_the_price_of_before(run: Staged) -> None:
    price: Any = {"sku": "tin", "unit_price_cents": 400}
    run.command(
        "price", "ChangeProductPrice", events.ProductPriceChanged(old_unit_price_cents=300, **price), **price
    )
    place(run, "o4", ("tin", 1, 300))


def an_order_has_the_name_of_before(run: Staged) -> None:
    alice: Any = {"customer_id": "alice", "name": "Alice Jones"}
    renamed = events.CustomerUpdated(**alice, email="alice@example.com")
    run.command("rename", "UpdateCustomer", renamed, **alice)
    place(run, "o4", ("tin", 1, 300))


def an_order_is_of_nobody(run: Staged) -> None:
    change_payload(run, "o2", lambda it: setattr(it, "customer_id", "nobody"))


def an_order_has_what_is_not_sold(run: Staged) -> None:
    place(run, "o4", ("cup", 1, 300))


def an_order_is_placed_twice(run: Staged) -> None:
    placed = say.placed("o2", ("tin", 1, 300), name="Álice Smith")
    reserved = events.StockReserved(sku="tin", quantity=1, order_id="o2")
    run.command("o2 again", "PlaceOrder", placed, reserved, order_id="o2", customer_id="alice")


def an_order_is_shipped_before_it_is_approved(run: Staged) -> None:
    shipment: Any = {"order_id": "o2", "carrier": "Royal Mail", "tracking_number": "RM1"}
    run.command("ship", "ShipOrder", say.shipped("o2"), **shipment)


def an_order_is_cancelled_twice(run: Staged) -> None:
    run.command("cancel again", "CancelOrder", say.cancelled("o3"), order_id="o3", reason="too late")


def less_is_released_than_was_ordered(run: Staged) -> None:
    change_payload(run, "cancel", lambda it: setattr(it, "quantity", 2), nth=1)


def a_customer_is_suspended_twice(run: Staged) -> None:
    suspend(run)
    alice: Any = {"customer_id": "alice", "reason": "late"}
    run.command("again", "SuspendCustomer", events.CustomerSuspended(**alice), **alice)


def a_customer_comes_back_who_never_went(run: Staged) -> None:
    back = events.CustomerReinstated(customer_id="alice")
    run.command("back", "ReinstateCustomer", back, customer_id="alice")


def a_price_was_not_what_it_says(run: Staged) -> None:
    price: Any = {"sku": "tin", "unit_price_cents": 400}
    changed = events.ProductPriceChanged(old_unit_price_cents=299, **price)
    run.command("price", "ChangeProductPrice", changed, **price)


def a_credit_note_is_of_an_order_of_another(run: Staged) -> None:
    bob: Any = {"customer_id": "bob", "name": "Bob", "email": "bob@example.com"}
    run.command("bob", "RegisterCustomer", events.CustomerRegistered(**bob), **bob)
    note = say.credited("n2", 500, customer_id="bob")
    note.order_id = "o1"
    run.command("note", "IssueCreditNote", note, credit_note_id="n2", customer_id="bob", order_id="o1")


def a_payment_goes_to_the_wrong_invoice(run: Staged) -> None:
    change_payload(run, "pay", lambda it: setattr(it.allocations[0], "invoice_id", "i9"))


def a_payment_is_less_late_than_it_was(run: Staged) -> None:
    change_payload(run, "pay", lambda it: setattr(it.allocations[0], "days_late", 1))


def a_transaction_pays_twice(run: Staged) -> None:
    paid = told.paid("t1", "2024-03-01", credit_cents=70)
    fields: Any = {"family_id": "smith", "transaction_id": "t1", "amount_cents": 70}
    run.command("pay again", "ReceivePayment", paid, **fields)


def a_surplus_is_not_used(run: Staged) -> None:
    fields: Any = {"family_id": "smith", "invoice_id": "i2", "amount_cents": 500}
    run.command("i2", "IssueTuitionInvoice", told.invoiced("i2", 500, "2024-04-01"), **fields)


def a_family_that_left_has_a_child(run: Staged) -> None:
    leaving: Any = {"family_id": "smith", "reason": "moved away"}
    run.command("leave", "WithdrawFamily", told.withdrawn("2024-03-01"), **leaving)
    child = told.child_added("Zoë", "2015-05-01")
    run.command("child", "AddChild", child, family_id="smith", name="Zoë")


def a_score_was_another(run: Staged) -> None:
    run.command("score", "UpdateRiskScore", told.risk(5, 72), family_id="smith", score=72)


def a_tier_is_another(run: Staged) -> None:
    risk = told.risk(0, 72)
    risk.risk_tier = told.tier_of(10)
    run.command("score", "UpdateRiskScore", risk, family_id="smith", score=72)


def a_score_is_of_no_family(run: Staged) -> None:
    change = family_events.EngagementScoreUpdated(family_id="jones", new_score=9)
    run.command("score", "UpdateEngagementScore", change, family_id="jones", score=9)


def an_answer_names_another_status(run: Staged) -> None:
    response = ApproveOrderResponse(order_id="o1", status=OrderStatus.ORDER_STATUS_PENDING)
    change_answer(run["approve"], response=response.SerializeToString())


def an_answer_names_another_total(run: Staged) -> None:
    response = PlaceOrderResponse(
        order_id="o2", status=OrderStatus.ORDER_STATUS_PENDING, total_cents=501, currency_code="GBP"
    )
    change_answer(run["o2"], response=response.SerializeToString())


def _refused(run: Staged, why: str, method: str, **fields: Any) -> None:
    run.answer(run.sent("refused", method, **fields), "fail", code="FAILED_PRECONDITION", reason=why)


def an_order_is_refused_that_was_to_be_had(run: Staged) -> None:
    _refused(run, "ORDER_NOT_PENDING", "ApproveOrder", order_id="o2")


def a_customer_is_refused_who_came_back(run: Staged) -> None:
    suspend(run)
    back = events.CustomerReinstated(customer_id="alice")
    run.command("back", "ReinstateCustomer", back, customer_id="alice")
    items = [OrderItemRequest(sku="tin", quantity=1)]
    _refused(run, "ACCOUNT_SUSPENDED", "PlaceOrder", order_id="o4", customer_id="alice", items=items)


def stock_is_refused_that_was_there(run: Staged) -> None:
    _refused(run, "INSUFFICIENT_INVENTORY", "AdjustStock", sku="tin", delta=-3, reason="counted")


def an_order_is_not_found_that_was_there(run: Staged) -> None:
    _refused(run, "ORDER_NOT_FOUND", "ShipOrder", order_id="o1")


def a_family_is_refused_that_never_left(run: Staged) -> None:
    _refused(run, "FAMILY_WITHDRAWN", "AddChild", family_id="smith", name="Zoë")


def other_content_got_the_receipt_of_what_was_lost(run: Staged) -> None:
    change_request(run["o3 again"], lambda it: setattr(it.items[0], "quantity", 2))
    change_request(run["o3 again"], lambda it: setattr(it, "customer_id", "bob"))


def another_correlation_got_the_receipt_of_what_was_lost(run: Staged) -> None:
    change_request(run["o3 again"], lambda it: setattr(it.context, "correlation_id", "altered"))


def other_content_was_refused_by_a_rule(run: Staged) -> None:
    again = run.again("approve again", run["approve"])
    change_request(again, lambda it: setattr(it, "approved_by", "mallory"))
    run.answer(again, "fail", code="FAILED_PRECONDITION", reason="ORDER_NOT_PENDING")


def other_content_was_refused_and_had_its_effect(run: Staged) -> None:
    again = run.again("stock again", run["tin stock"])
    change_request(again, lambda it: setattr(it, "reference", "d2"))
    run.answer(again, "fail", code="ALREADY_EXISTS", reason="COMMAND_ID_REUSED")
    change_payload(run, "tin stock", lambda it: setattr(it, "reference", "d2"))


def an_id_is_called_used_that_was_not(run: Staged) -> None:
    call = run.sent("fresh", "ApproveOrder", order_id="o2", approved_by="bob")
    run.answer(call, "fail", code="ALREADY_EXISTS", reason="COMMAND_ID_REUSED")


def a_row_of_the_log_is_of_another_cause(run: Staged) -> None:
    change_event(run, 1, causation_id="another")


BAD_DECISIONS: Sequence[Bad] = (
    (frozenset({"rules"}), an_order_is_of_a_suspended_customer),
    (frozenset({"rules"}), an_order_has_the_price_of_before),
    (frozenset({"rules"}), an_order_has_the_name_of_before),
    (frozenset({"rules"}), an_order_is_of_nobody),
    (frozenset({"rules"}), an_order_has_what_is_not_sold),
    (frozenset({"rules"}), an_order_is_placed_twice),
    (frozenset({"rules"}), an_order_is_shipped_before_it_is_approved),
    (frozenset({"rules"}), an_order_is_cancelled_twice),
    (frozenset({"rules"}), less_is_released_than_was_ordered),
    (frozenset({"rules"}), a_customer_is_suspended_twice),
    (frozenset({"rules"}), a_customer_comes_back_who_never_went),
    (frozenset({"rules"}), a_price_was_not_what_it_says),
    (frozenset({"rules"}), a_credit_note_is_of_an_order_of_another),
    (frozenset({"rules"}), a_payment_goes_to_the_wrong_invoice),
    (frozenset({"rules"}), a_payment_is_less_late_than_it_was),
    (frozenset({"rules"}), a_transaction_pays_twice),
    (frozenset({"rules"}), a_surplus_is_not_used),
    (frozenset({"rules"}), a_family_that_left_has_a_child),
    (frozenset({"rules"}), a_score_was_another),
    (frozenset({"rules"}), a_tier_is_another),
    (frozenset({"rules"}), a_score_is_of_no_family),
    (frozenset({"rules"}), an_answer_names_another_status),
    (frozenset({"rules"}), an_answer_names_another_total),
    (frozenset({"rules"}), an_order_is_refused_that_was_to_be_had),
    (frozenset({"rules"}), a_customer_is_refused_who_came_back),
    (frozenset({"rules"}), stock_is_refused_that_was_there),
    (frozenset({"rules"}), an_order_is_not_found_that_was_there),
    (frozenset({"rules"}), a_family_is_refused_that_never_left),
    (frozenset({"P3"}), other_content_got_the_receipt_of_what_was_lost),
    (frozenset({"P3"}), another_correlation_got_the_receipt_of_what_was_lost),
    (frozenset({"P3"}), other_content_was_refused_by_a_rule),
    (frozenset({"P3"}), other_content_was_refused_and_had_its_effect),
    (frozenset({"P3"}), an_id_is_called_used_that_was_not),
    (frozenset({"P3"}), a_row_of_the_log_is_of_another_cause),
)
