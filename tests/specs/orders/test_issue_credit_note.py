"""IssueCreditNote: money goes back to a customer, and returned goods into stock."""

from typing import Any

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.specs.orders.given import ANNA, NOW, Given, a_product, an_order, refused
from write_service.orders.credit_note import CreditNoteExists, CreditNoteTooLarge, EmptyCreditNote
from write_service.orders.customer import CustomerNotFound
from write_service.orders.order import OrderNotFound
from write_service.orders.order_items import MixedCurrencies
from write_service.orders.product import ProductNotFound


def _issue(*items: Any, **fields: Any) -> commands.IssueCreditNoteRequest:
    asked = {"credit_note_id": "7", "customer_id": "anna", "reason": "broken"} | fields
    return commands.IssueCreditNoteRequest(items=items, **asked)


CUP = {"sku": "cup", "quantity": 2}


def test_a_credit_note_without_returned_goods_leaves_the_stock() -> None:
    issued = events.CreditNoteIssued(
        credit_note_id="7",
        customer_id="anna",
        items=[events.CreditNoteItem(sku="cup", quantity=2, unit_price_cents=100)],
        reason="broken",
        total_cents=200,
        currency_code="EUR",
        region_code="FR",
        issued_at=NOW,
    )
    given = Given(ANNA, a_product("cup"))
    outcome = given.when(_issue(CUP, region_code="FR")).then(("credit-note-7", issued))
    assert outcome.response == commands.IssueCreditNoteResponse(
        credit_note_id="7", total_cents=200, currency_code="EUR"
    )


def test_returned_goods_come_back_into_stock_once_a_product() -> None:
    returned = CUP | {"is_returned": True}
    given = Given(ANNA, a_product("cup"))
    outcome = given.when(_issue(returned, CUP, returned))
    assert outcome.streams == ["credit-note-7", "product-cup"]
    assert outcome.events[1] == events.StockReceived(
        sku="cup", quantity=4, credit_note_id="7", received_at=NOW
    )
    assert given.states["product-cup"].available == 4


def test_a_credit_note_of_an_order_is_booked_under_the_orders_country() -> None:
    outcome = Given(an_order(cup=2)).when(_issue(CUP, order_id="42"))
    assert outcome.events[0].region_code == "GB"  # type: ignore[attr-defined] # CreditNoteIssued


def test_an_agreed_amount_goes_before_the_list_price() -> None:
    outcome = Given(ANNA, a_product("cup")).when(_issue(CUP | {"unit_price_cents": 30}))
    assert outcome.response.total_cents == 60


def test_a_credit_note_may_tell_when_it_was_issued_elsewhere() -> None:
    outcome = Given(ANNA, a_product("cup")).when(_issue(CUP, issued_at={"seconds": 1_300_000_000}))
    assert outcome.events[0].issued_at.seconds == 1_300_000_000  # type: ignore[attr-defined] # CreditNoteIssued


def test_a_suspended_customer_still_gets_money_back() -> None:
    suspended = events.CustomerSuspended(customer_id="anna", reason="unpaid")
    Given(ANNA, suspended, a_product("cup")).when(_issue(CUP))


def test_a_credit_note_has_at_least_one_item() -> None:
    refused(Given(ANNA), _issue(), EmptyCreditNote, credit_note_id="7")


def test_an_unknown_customer_gets_no_credit_note() -> None:
    refused(Given(a_product("cup")), _issue(CUP), CustomerNotFound, customer_id="anna")


def test_an_unknown_order_gets_no_credit_note() -> None:
    refused(Given(ANNA, a_product("cup")), _issue(CUP, order_id="42"), OrderNotFound, order_id="42")


def test_nobody_gets_the_money_of_somebody_elses_order() -> None:
    bob = events.CustomerRegistered(customer_id="bob", name="Bob", email="bob@example.com")
    refused(Given(an_order(cup=2), bob), _issue(CUP, order_id="42", customer_id="bob"), OrderNotFound)


def test_an_unknown_product_is_not_credited() -> None:
    refused(Given(ANNA), _issue(CUP), ProductNotFound, sku="cup")


def test_a_credit_notes_amounts_are_in_one_currency() -> None:
    given = Given(ANNA, a_product("cup"), a_product("jar", currency_code="GBP"))
    refused(given, _issue(CUP, {"sku": "jar", "quantity": 1}), MixedCurrencies)


def test_a_credit_note_is_in_its_orders_currency() -> None:
    given = Given(an_order(cup=2), a_product("jar", currency_code="GBP"))
    refused(given, _issue({"sku": "jar", "quantity": 1}, order_id="42"), MixedCurrencies)


def test_a_credit_notes_total_has_a_limit() -> None:
    given = Given(ANNA, a_product("cup", unit_price_cents=100_000_000))
    refused(given, _issue(CUP), CreditNoteTooLarge, credit_note_id="7")


def test_a_credit_notes_id_is_given_once() -> None:
    given = Given(ANNA, a_product("cup"))
    given.when(_issue(CUP))
    refused(given, _issue(CUP), CreditNoteExists, credit_note_id="7")
