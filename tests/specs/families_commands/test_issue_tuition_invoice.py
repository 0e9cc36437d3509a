"""IssueTuitionInvoice: a family owes tuition, less what it paid too much before."""

from diptych.families.v1 import family_command_service_pb2 as commands

from tests.specs.families_commands.given import (
    ENROLLED,
    STREAM,
    Given,
    credit,
    day,
    invoiced,
    paid,
    refused,
    withdrawn,
)
from write_service.families.family import FamilyNotFound, FamilyWithdrawn
from write_service.families.tuition import InvoiceExists


def _issue(invoice_id: str, cents: int, due: str = "2023-10-15") -> commands.IssueTuitionInvoiceRequest:
    return commands.IssueTuitionInvoiceRequest(
        family_id="lee", invoice_id=invoice_id, amount_cents=cents, due_date=day(due)
    )


def test_an_invoice_is_owed_in_the_familys_currency() -> None:
    given = Given(ENROLLED)
    outcome = given.when(_issue("oct", 500)).then((STREAM, invoiced("oct", 500, "2023-10-15")))
    assert outcome.response == commands.IssueTuitionInvoiceResponse(
        family_id="lee", invoice_id="oct", outstanding_cents=500, currency_code="EUR"
    )
    assert given.when(_issue("nov", 300)).response.outstanding_cents == 800


def test_a_surplus_pays_a_new_invoice_at_once() -> None:
    given = Given(ENROLLED, paid("t1", 700))
    outcome = given.when(_issue("oct", 500)).then(
        (STREAM, invoiced("oct", 500, "2023-10-15", credit("t1", 500)))
    )
    assert (outcome.response.credit_applied_cents, outcome.response.outstanding_cents) == (500, 0)
    assert given.family.account.credit_cents == 200


def test_a_surplus_is_carried_forward_over_several_invoices() -> None:
    given = Given(ENROLLED, paid("t1", 700))
    given.when(_issue("oct", 300)).then((STREAM, invoiced("oct", 300, "2023-10-15", credit("t1", 300))))
    given.when(_issue("nov", 300)).then((STREAM, invoiced("nov", 300, "2023-10-15", credit("t1", 300))))
    outcome = given.when(_issue("dec", 300)).then(
        (STREAM, invoiced("dec", 300, "2023-10-15", credit("t1", 100)))
    )
    assert outcome.response.outstanding_cents == 200
    assert given.when(_issue("jan", 300)).response.credit_applied_cents == 0
    assert given.family.account.credits == ()


def test_the_oldest_surplus_goes_first() -> None:
    given = Given(ENROLLED, paid("t1", 100), paid("t2", 200, method="cash"), paid("t3", 50))
    used = (credit("t1", 100), credit("t2", 150, "cash"))
    given.when(_issue("oct", 250)).then((STREAM, invoiced("oct", 250, "2023-10-15", *used)))
    used = (credit("t2", 50, "cash"), credit("t3", 50))
    given.when(_issue("nov", 500)).then((STREAM, invoiced("nov", 500, "2023-10-15", *used)))
    assert given.family.account.outstanding_cents == 400


def test_an_invoices_id_is_given_once_in_a_family() -> None:
    given = Given(ENROLLED, invoiced("oct", 500, "2023-10-15"))
    refused(given, _issue("oct", 1), InvoiceExists, family_id="lee", invoice_id="oct")


def test_the_id_of_a_paid_invoice_is_not_given_again() -> None:
    given = Given(ENROLLED, invoiced("oct", 500, "2023-10-15"), paid("t1", 500, ("oct", 500, 0)))
    refused(given, _issue("oct", 1), InvoiceExists, family_id="lee", invoice_id="oct")


def test_the_id_of_an_invoice_that_a_surplus_paid_is_not_given_again() -> None:
    given = Given(ENROLLED, paid("t1", 500), invoiced("oct", 500, "2023-10-15", credit("t1", 500)))
    refused(given, _issue("oct", 1), InvoiceExists)


def test_an_unknown_family_owes_nothing() -> None:
    refused(Given(), _issue("oct", 500), FamilyNotFound, family_id="lee")


def test_a_family_that_left_is_not_billed() -> None:
    refused(Given(ENROLLED, withdrawn("2023-12-31")), _issue("oct", 500), FamilyWithdrawn, family_id="lee")
