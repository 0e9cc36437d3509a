"""ReceivePayment: to the invoice named, then to those due first; the rest waits for invoices to come."""

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands

from tests.specs.families_commands.given import (
    ENROLLED,
    STREAM,
    Given,
    day,
    invoiced,
    paid,
    refused,
    withdrawn,
)
from write_service.families.family import FamilyNotFound
from write_service.families.tuition import DuplicateTransaction, UnknownInvoice

OCTOBER = invoiced("oct", 500, "2023-10-15")
NOVEMBER = invoiced("nov", 500, "2023-11-15")
DECEMBER = invoiced("dec", 500, "2023-12-15")


def _pay(
    cents: int, *, received: str = "2023-10-01", invoice_id: str = "", transaction_id: str = "t1"
) -> commands.ReceivePaymentRequest:
    return commands.ReceivePaymentRequest(
        family_id="lee",
        amount_cents=cents,
        received_date=day(received),
        payment_method="card",
        transaction_id=transaction_id,
        invoice_id=invoice_id,
    )


def test_a_payment_in_full_leaves_nothing_owed() -> None:
    outcome = Given(ENROLLED, OCTOBER).when(_pay(500)).then((STREAM, paid("t1", 500, ("oct", 500, 0))))
    assert outcome.response == commands.ReceivePaymentResponse(
        family_id="lee",
        transaction_id="t1",
        allocations=[events.PaymentAllocation(invoice_id="oct", amount_cents=500)],
        currency_code="EUR",
    )


def test_payments_in_part_add_up() -> None:
    given = Given(ENROLLED, OCTOBER)
    assert given.when(_pay(200)).response.outstanding_cents == 300
    outcome = given.when(_pay(400, transaction_id="t2"))
    outcome.then((STREAM, paid("t2", 400, ("oct", 300, 0))))
    assert (outcome.response.outstanding_cents, outcome.response.credit_cents) == (0, 100)


def test_a_payment_goes_to_invoices_by_due_date_and_not_by_issue() -> None:
    given = Given(ENROLLED, DECEMBER, OCTOBER, NOVEMBER)
    shares = (("oct", 500, 0), ("nov", 500, 0), ("dec", 100, 0))
    given.when(_pay(1100)).then((STREAM, paid("t1", 1100, *shares)))
    assert given.family.account.outstanding_cents == 400


def test_invoices_due_on_the_same_day_are_paid_in_the_order_of_issue() -> None:
    given = Given(ENROLLED, *(invoiced(each, 100, "2023-10-15") for each in ("z", "a", "m")))
    given.when(_pay(250)).then((STREAM, paid("t1", 250, ("z", 100, 0), ("a", 100, 0), ("m", 50, 0))))


def test_an_invoice_paid_in_part_keeps_its_turn() -> None:
    given = Given(ENROLLED, *(invoiced(each, 100, "2023-10-15") for each in ("z", "a")))
    given.when(_pay(50, invoice_id="a"))
    given.when(_pay(120, transaction_id="t2")).then((STREAM, paid("t2", 120, ("z", 100, 0), ("a", 20, 0))))


def test_the_invoice_named_is_paid_first() -> None:
    given = Given(ENROLLED, OCTOBER, NOVEMBER, DECEMBER)
    shares = (("nov", 500, 0), ("oct", 200, 0))
    given.when(_pay(700, invoice_id="nov")).then((STREAM, paid("t1", 700, *shares, invoice_id="nov")))


def test_a_payment_for_an_invoice_that_is_paid_goes_to_those_due_first() -> None:
    given = Given(ENROLLED, OCTOBER, NOVEMBER, DECEMBER)
    given.when(_pay(500, invoice_id="nov"))
    again = _pay(600, invoice_id="nov", transaction_id="t2")
    shares = (("oct", 500, 0), ("dec", 100, 0))
    given.when(again).then((STREAM, paid("t2", 600, *shares, invoice_id="nov")))


def test_a_payment_without_any_invoice_is_credit() -> None:
    outcome = Given(ENROLLED).when(_pay(500)).then((STREAM, paid("t1", 500)))
    assert outcome.events[0].credit_cents == 500  # type: ignore[attr-defined] # PaymentReceived
    assert outcome.response.credit_cents == 500


def test_the_answer_tells_the_credit_of_all_payments() -> None:
    outcome = Given(ENROLLED, paid("t0", 30)).when(_pay(500)).then((STREAM, paid("t1", 500)))
    assert outcome.response.credit_cents == 530


def test_days_late_are_counted_for_each_invoice_from_its_due_date() -> None:
    given = Given(ENROLLED, OCTOBER, NOVEMBER, DECEMBER)
    shares = (("oct", 500, 32), ("nov", 500, 1), ("dec", 500, 0))
    given.when(_pay(1500, received="2023-11-16")).then(
        (STREAM, paid("t1", 1500, *shares, received="2023-11-16"))
    )


def test_a_payment_on_the_due_date_is_on_time() -> None:
    outcome = Given(ENROLLED, OCTOBER).when(_pay(500, received="2023-10-15"))
    assert outcome.response.allocations[0].days_late == 0


def test_days_late_are_decided_once() -> None:
    given = Given(ENROLLED, OCTOBER)
    given.when(_pay(200, received="2023-10-25", transaction_id="t1"))
    later = given.when(_pay(300, received="2023-10-20", transaction_id="t2"))
    # A payment that was received earlier and recorded later is as late as its own day says.
    assert later.response.allocations[0].days_late == 5


def test_a_transaction_pays_once() -> None:
    given = Given(ENROLLED, OCTOBER)
    given.when(_pay(200))
    refused(given, _pay(300), DuplicateTransaction, family_id="lee", transaction_id="t1")


def test_a_duplicate_is_told_before_an_unknown_invoice() -> None:
    refused(Given(ENROLLED, paid("t1", 1)), _pay(300, invoice_id="oct"), DuplicateTransaction)


def test_a_payment_does_not_name_an_invoice_that_the_family_does_not_have() -> None:
    refused(Given(ENROLLED), _pay(300, invoice_id="oct"), UnknownInvoice, family_id="lee", invoice_id="oct")


def test_an_unknown_family_pays_nothing() -> None:
    refused(Given(), _pay(300), FamilyNotFound, family_id="lee")


def test_a_family_that_left_pays_what_it_still_owes() -> None:
    given = Given(ENROLLED, OCTOBER, DECEMBER, withdrawn("2023-11-01", dec=500))
    given.when(_pay(600)).then((STREAM, paid("t1", 600, ("oct", 500, 0))))


def test_a_cancelled_invoice_may_be_named_and_takes_nothing() -> None:
    given = Given(ENROLLED, OCTOBER, DECEMBER, withdrawn("2023-11-01", dec=500))
    given.when(_pay(600, invoice_id="dec")).then((STREAM, paid("t1", 600, ("oct", 500, 0), invoice_id="dec")))
