"""One command of every type of the families domain, in an order in which each is accepted."""

from collections.abc import Iterator
from typing import Any

from diptych.families.v1 import family_command_service_pb2 as commands
from diptych.families.v1.scores_pb2 import ScoreFactor
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from tests.end_to_end.shop import new_id
from tests.services.write_services import a_context

Command = tuple[str, Any]


def every_family_command() -> Iterator[Command]:
    """RPC names and requests about a family that nothing else uses."""
    for request in _requests(new_id("family")):
        yield type(request).__name__.removesuffix("Request"), request


def enroll(family_id: str, name: str = "Martinez", **fields: Any) -> commands.EnrollFamilyRequest:
    """An EnrollFamily command."""
    return commands.EnrollFamilyRequest(
        context=a_context(), family_id=family_id, family_name=name, enrollment_date=_day(1), **fields
    )


def set_risk(family_id: str, score: int) -> commands.UpdateRiskScoreRequest:
    """An UpdateRiskScore command."""
    factors = [ScoreFactor(name="months_late", points=score)]
    return commands.UpdateRiskScoreRequest(
        context=a_context(), family_id=family_id, score=score, risk_factors=factors
    )


def invoice(family_id: str, cents: int, invoice_id: str = "september") -> commands.IssueTuitionInvoiceRequest:
    """An IssueTuitionInvoice command."""
    return commands.IssueTuitionInvoiceRequest(
        context=a_context(), family_id=family_id, invoice_id=invoice_id, amount_cents=cents, due_date=_day(15)
    )


def pay(family_id: str, cents: int, transaction_id: str = "first") -> commands.ReceivePaymentRequest:
    """A ReceivePayment command of the day after the invoice's due date."""
    return commands.ReceivePaymentRequest(
        context=a_context(),
        family_id=family_id,
        amount_cents=cents,
        received_date=_day(16),
        payment_method="card",
        transaction_id=transaction_id,
    )


def _requests(family: str) -> Iterator[Any]:
    yield enroll(family)
    yield commands.AddChildRequest(
        context=a_context(), family_id=family, name="Lucia", birth_date=Date(year=2016, month=2, day=29)
    )
    yield invoice(family, 45000)
    yield pay(family, 50000)
    yield commands.UpdateEngagementScoreRequest(context=a_context(), family_id=family, score=61)
    yield set_risk(family, 88)
    yield from _outreach(family)
    yield from _participation(family)
    yield commands.WithdrawFamilyRequest(
        context=a_context(), family_id=family, date=_day(28), reason="moved away"
    )


def _outreach(family: str) -> Iterator[Any]:
    yield commands.RecommendInterventionRequest(
        context=a_context(), family_id=family, intervention="call about a payment plan", priority=5
    )
    yield commands.AssignCoordinatorRequest(context=a_context(), family_id=family, coordinator="Ada")
    yield commands.RecordContactRequest(context=a_context(), family_id=family, date=_day(20), method="phone")
    yield commands.SetPreferredContactChannelRequest(context=a_context(), family_id=family, channel="email")


def _participation(family: str) -> Iterator[Any]:
    yield commands.RecordLoginRequest(context=a_context(), family_id=family, date=_day(21))
    yield commands.RecordVolunteerHoursRequest(context=a_context(), family_id=family, hours=3, date=_day(22))
    yield commands.RecordAttendanceRequest(
        context=a_context(), family_id=family, event="picnic", attended=True, date=_day(23)
    )


def _day(day: int) -> Date:
    return Date(year=2026, month=9, day=day)
