"""WithdrawFamily: what is due after the last day is not owed any more, as far as it is not paid."""

from typing import Any

from diptych.families.v1 import family_command_service_pb2 as commands
from diptych.families.v1.views_pb2 import FAMILY_STATUS_WITHDRAWN

from tests.specs.families_commands.given import (
    ENROLLED,
    STREAM,
    TODAY,
    Given,
    credit,
    day,
    invoiced,
    paid,
    refused,
    withdrawn,
)
from write_service.families.enrollment import WithdrawalBeforeEnrollment
from write_service.families.family import FamilyNotFound, FamilyWithdrawn

OCTOBER = invoiced("oct", 500, "2023-10-15")
NOVEMBER = invoiced("nov", 400, "2023-11-15")
DECEMBER = invoiced("dec", 300, "2023-12-15")


def _withdraw(last_day: str = "") -> commands.WithdrawFamilyRequest:
    date = {"date": day(last_day)} if last_day else {}
    return commands.WithdrawFamilyRequest(family_id="lee", reason="moved", **date)


def test_invoices_due_by_the_last_day_stay_owed_and_later_ones_do_not() -> None:
    given = Given(ENROLLED, DECEMBER, OCTOBER, NOVEMBER)
    outcome = given.when(_withdraw("2023-11-14"))
    outcome.then((STREAM, withdrawn("2023-11-14", nov=400, dec=300)))
    assert outcome.response == commands.WithdrawFamilyResponse(
        family_id="lee",
        status=FAMILY_STATUS_WITHDRAWN,
        outstanding_cents=500,
        cancelled_cents=700,
        currency_code="EUR",
    )


def test_an_invoice_due_on_the_last_day_stays_owed() -> None:
    given = Given(ENROLLED, NOVEMBER)
    given.when(_withdraw("2023-11-15")).then((STREAM, withdrawn("2023-11-15")))


def test_what_was_paid_stays_paid() -> None:
    given = Given(ENROLLED, NOVEMBER, DECEMBER, paid("t1", 450, ("nov", 400, 0), ("dec", 50, 0)))
    outcome = given.when(_withdraw("2023-11-01")).then((STREAM, withdrawn("2023-11-01", dec=250)))
    assert outcome.response.outstanding_cents == 0


def test_what_a_surplus_paid_stays_paid_and_the_rest_of_it_stays_credit() -> None:
    used = invoiced("nov", 400, "2023-11-15", credit("t1", 400))
    given = Given(ENROLLED, paid("t1", 900), used)
    given.when(_withdraw("2023-11-01")).then((STREAM, withdrawn("2023-11-01")))
    assert given.family.account.credit_cents == 500


def test_a_family_that_does_not_name_its_last_day_leaves_today() -> None:
    event: Any = Given(ENROLLED).when(_withdraw()).events[0]
    assert event.date == day(TODAY)


def test_a_family_may_leave_on_the_day_it_enrolled() -> None:
    Given(ENROLLED).when(_withdraw("2023-09-01"))


def test_a_family_does_not_leave_before_it_enrolled() -> None:
    refused(Given(ENROLLED), _withdraw("2023-08-31"), WithdrawalBeforeEnrollment, family_id="lee")


def test_a_family_leaves_once() -> None:
    refused(Given(ENROLLED, withdrawn("2023-12-31")), _withdraw(), FamilyWithdrawn, family_id="lee")


def test_an_unknown_family_does_not_leave() -> None:
    refused(Given(), _withdraw(), FamilyNotFound, family_id="lee")
