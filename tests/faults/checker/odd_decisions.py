"""Decisions that look wrong and are right: the checker must not mind them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1.order_command_service_pb2 import CreditNoteItemRequest, OrderItemRequest

from tests import family_events as told
from tests import order_events as say
from tests.faults.checker.calls import Call
from tests.faults.checker.changes import OTHER_EPOCH, change_receipt, change_request
from tests.faults.checker.log_dump import Fork
from tests.faults.checker.staged import Staged
from tests.faults.checker.story import place, suspend

Odd = Callable[[Staged], object]


def a_customer_came_back_and_ordered(run: Staged) -> None:
    suspend(run)
    back = events.CustomerReinstated(customer_id="alice")
    run.command("back", "ReinstateCustomer", back, customer_id="alice")
    place(run, "o4", ("tin", 1, 300))


def an_order_of_a_suspended_customer_goes_its_way(run: Staged) -> None:
    suspend(run)
    shipment: Any = {"order_id": "o1", "carrier": "Royal Mail", "tracking_number": "RM1"}
    run.command("ship", "ShipOrder", say.shipped("o1"), **shipment)


def a_price_was_agreed(run: Staged) -> None:
    call = place(run, "o4", ("tin", 1, 250))
    change_request(call, lambda it: setattr(it.items[0], "unit_price_cents", 250))


def a_product_stands_in_two_lines(run: Staged) -> None:
    placed = say.placed("o4", ("tin", 1, 300), ("tin", 2, 300), name="Álice Smith")
    reserved = events.StockReserved(sku="tin", quantity=3, order_id="o4")
    items = [OrderItemRequest(sku="tin", quantity=quantity) for quantity in (1, 2)]
    run.command("o4", "PlaceOrder", placed, reserved, order_id="o4", customer_id="alice", items=items)


def a_credit_note_is_of_an_order_and_has_its_region(run: Staged) -> None:
    note = say.credited("n2", 500)
    note.order_id = "o1"
    item = CreditNoteItemRequest(sku="mug", quantity=1)
    fields: Any = {"credit_note_id": "n2", "customer_id": "alice", "order_id": "o1", "items": [item]}
    run.command("note", "IssueCreditNote", note, **fields)


def a_payment_named_its_invoice(run: Staged) -> None:
    for number, due, cents in (("i2", "2024-03-01", 5_000), ("i3", "2024-04-01", 700)):
        credits_ = [("t1", "card", 1_000)] if number == "i2" else []
        invoice = told.invoiced(number, cents, due, *credits_)
        fields: Any = {"family_id": "smith", "invoice_id": number, "amount_cents": cents}
        run.command(number, "IssueTuitionInvoice", invoice, **fields)
    paid = told.paid("t2", "2024-03-02", ("i3", 700, 0), ("i2", 300, 1), invoice_id="i3")
    payment: Any = {"family_id": "smith", "transaction_id": "t2", "amount_cents": 1_000, "invoice_id": "i3"}
    run.command("pay i3", "ReceivePayment", paid, **payment)


def a_family_that_left_pays_and_was_there_before(run: Staged) -> None:
    leaving: Any = {"family_id": "smith", "reason": "moved away"}
    run.command("leave", "WithdrawFamily", told.withdrawn("2024-03-01"), **leaving)
    run.command("login", "RecordLogin", told.logged_in("2024-02-28"), family_id="smith")
    paid = told.paid("t2", "2024-04-01", credit_cents=70)
    payment: Any = {"family_id": "smith", "transaction_id": "t2", "amount_cents": 70}
    run.command("pay more", "ReceivePayment", paid, **payment)


def _refused(run: Staged, why: str, method: str, *, by: float = 0.0, **fields: Any) -> Call:
    call = run.sent(f"refused with {why}", method, **fields)
    call.at -= by
    run.answer(call, "fail", code="FAILED_PRECONDITION", reason=why)
    return call


def rules_refused(run: Staged) -> None:
    suspend(run)
    items = [OrderItemRequest(sku="tin", quantity=1)]
    _refused(run, "ACCOUNT_SUSPENDED", "PlaceOrder", order_id="o4", customer_id="alice", items=items)
    _refused(run, "INSUFFICIENT_INVENTORY", "AdjustStock", sku="tin", delta=-4, reason="counted")
    _refused(run, "ORDER_NOT_APPROVED", "ShipOrder", order_id="o3")
    _refused(run, "ORDER_ALREADY_CANCELLED", "CancelOrder", order_id="o3", reason="late")
    _refused(run, "PRODUCT_NOT_FOUND", "ReceiveStock", sku="cup", quantity=1)
    _refused(run, "ORDER_ITEM_NOT_FOUND", "RemoveOrderItem", order_id="o2", sku="tin")
    _refused(run, "EMPTY_ORDER", "RemoveOrderItem", order_id="o2", sku="mug")
    _refused(run, "CUSTOMER_EXISTS", "RegisterCustomer", customer_id="alice", name="A", email="a@b.example")
    _refused(run, "FAMILY_NOT_FOUND", "AddChild", family_id="jones", name="Zoë")
    note: Any = {"credit_note_id": "n2", "customer_id": "bob", "order_id": "o1"}
    _refused(run, "ORDER_NOT_FOUND", "IssueCreditNote", **note)


def a_rule_refused_for_what_was_over_while_it_was_asked(run: Staged) -> None:
    suspend(run)
    back = events.CustomerReinstated(customer_id="alice")
    run.command("back", "ReinstateCustomer", back, customer_id="alice")
    order: Any = {"order_id": "o4", "customer_id": "alice"}
    _refused(run, "ACCOUNT_SUSPENDED", "PlaceOrder", by=1.5, **order)


def a_rule_refused_for_what_a_restore_took_away(run: Staged) -> None:
    _refused(run, "ORDER_EXISTS", "PlaceOrder", order_id="o9", customer_id="alice")
    run.log.forks[OTHER_EPOCH] = Fork(common_position=run.log.head, replaced_at=run.now)


def other_content_came_first_where_the_first_was_lost(run: Staged) -> None:
    again = run.again("never again", run["never"])
    change_request(again, lambda it: setattr(it, "quantity", 1))
    received = events.StockReceived(sku="tin", quantity=1)
    call = run.command("other", "ReceiveStock", received, sku="tin", quantity=1)
    assert again.command_id is not None
    run.log.events[-1] = replace(run.log.events[-1], command_id=again.command_id)
    run.log.commands[-1] = replace(run.log.commands[-1], command_id=again.command_id)
    run.answer(again, receipt=call.answers[0].receipt)
    del run.calls["other"]


def other_content_was_malformed(run: Staged) -> None:
    again = run.again("approve again", run["approve"])
    change_request(again, lambda it: setattr(it, "approved_by", ""))
    run.answer(again, "fail", code="INVALID_ARGUMENT", reason="INVALID_REQUEST")


def other_content_raced_and_lost(run: Staged) -> None:
    again = run.again("approve again", run["approve"])
    change_request(again, lambda it: setattr(it, "approved_by", "mallory"))
    again.at = run["approve"].at
    run.answer(again, "fail", code="ALREADY_EXISTS", reason="COMMAND_ID_REUSED")


def other_content_came_after_a_restore_had_taken_the_first(run: Staged) -> None:
    run.log.forks[OTHER_EPOCH] = Fork(common_position=5, replaced_at=run.now)
    change_request(run["approve"], lambda it: setattr(it.context, "correlation_id", "altered"))
    again = run.again("approve again", run["approve"])
    change_request(again, lambda it: setattr(it.context, "correlation_id", ""))
    run.answer(again, receipt=run["approve"].receipt)
    again.at, again.answers = run["approve"].at, [*run["approve"].answers]
    change_receipt(run["approve"], epoch=OTHER_EPOCH, position=9)


ODD_DECISIONS: Sequence[Odd] = (
    a_customer_came_back_and_ordered,
    an_order_of_a_suspended_customer_goes_its_way,
    a_price_was_agreed,
    a_product_stands_in_two_lines,
    a_credit_note_is_of_an_order_and_has_its_region,
    a_payment_named_its_invoice,
    a_family_that_left_pays_and_was_there_before,
    rules_refused,
    a_rule_refused_for_what_was_over_while_it_was_asked,
    a_rule_refused_for_what_a_restore_took_away,
    other_content_came_first_where_the_first_was_lost,
    other_content_was_malformed,
    other_content_raced_and_lost,
    other_content_came_after_a_restore_had_taken_the_first,
)
