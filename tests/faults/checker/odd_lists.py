"""Lists and their pages that look wrong and are right: the checker must not mind them."""

from collections.abc import Sequence
from dataclasses import replace

from diptych.orders.v1 import events_pb2 as events

from tests import order_events as say
from tests.faults.checker.changes import (
    change_answer,
)
from tests.faults.checker.odd_commands import Odd
from tests.faults.checker.staged import Staged
from tests.faults.checker.story import place


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
    run.scan("search orders", "SearchOrders", ["o3", "o2"], ["o1"], term="ÁLICE")


def products_are_short(run: Staged) -> None:
    run.scan("short", "ListProducts", ["tin"], low_stock_below=8, order_by=2)


def a_list_of_orders_was_of_a_customer(run: Staged) -> None:
    run.scan("hers", "ListCustomerOrders", ["o2"], customer_id="alice", status=1)


def families_at_risk_are_none(run: Staged) -> None:
    run.scan("risk", "ListAtRiskFamilies", [])


def all_families_are_at_some_risk(run: Staged) -> None:
    run.scan("risk", "ListAtRiskFamilies", ["smith"], min_risk_score=0)


ODD_LISTS: Sequence[Odd] = (
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
)
