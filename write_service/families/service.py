"""The families domain, command by command: what is asked, what decides, what is answered."""

from collections.abc import Callable
from typing import Any, TypeVar

from diptych.families.v1.events_pb2 import FamilyWithdrawn, PaymentReceived, RiskScoreUpdated, TuitionInvoiced
from diptych.families.v1.family_command_service_pb2 import (
    AddChildRequest,
    AddChildResponse,
    AssignCoordinatorRequest,
    AssignCoordinatorResponse,
    EnrollFamilyRequest,
    EnrollFamilyResponse,
    IssueTuitionInvoiceRequest,
    IssueTuitionInvoiceResponse,
    ReceivePaymentRequest,
    ReceivePaymentResponse,
    RecommendInterventionRequest,
    RecommendInterventionResponse,
    RecordAttendanceRequest,
    RecordAttendanceResponse,
    RecordContactRequest,
    RecordContactResponse,
    RecordLoginRequest,
    RecordLoginResponse,
    RecordVolunteerHoursRequest,
    RecordVolunteerHoursResponse,
    SetPreferredContactChannelRequest,
    SetPreferredContactChannelResponse,
    UpdateEngagementScoreRequest,
    UpdateEngagementScoreResponse,
    UpdateRiskScoreRequest,
    UpdateRiskScoreResponse,
    WithdrawFamilyRequest,
    WithdrawFamilyResponse,
)
from google.protobuf.message import Message

from write_service.decider import Command, Stream
from write_service.families.contact import assign_coordinator, record_contact, set_preferred_contact_channel
from write_service.families.enrollment import add_child, enroll_family, withdraw_family
from write_service.families.family import FAMILY, Family
from write_service.families.participation import record_attendance, record_login, record_volunteer_hours
from write_service.families.scores import recommend_intervention, update_engagement_score, update_risk_score
from write_service.families.tuition import issue_tuition_invoice, receive_payment

Response = TypeVar("Response", bound=Message)


# Any: the stubs of generated messages share no type that says which id fields there are.
def _family(request: Any) -> Stream[Family]:
    return FAMILY.stream(request.family_id)


def _enrolled(family: Family, event: Any) -> EnrollFamilyResponse:
    return EnrollFamilyResponse(
        family_id=event.family_id, status=family.status, currency_code=family.currency_code
    )


def _child_added(family: Family, event: Any) -> AddChildResponse:
    return AddChildResponse(family_id=event.family_id, children_count=family.children_count)


def _invoiced(family: Family, event: TuitionInvoiced) -> IssueTuitionInvoiceResponse:
    return IssueTuitionInvoiceResponse(
        family_id=event.family_id,
        invoice_id=event.invoice_id,
        credit_applied_cents=sum(credit.amount_cents for credit in event.credits),
        outstanding_cents=family.account.outstanding_cents,
        currency_code=event.currency_code,
    )


def _paid(family: Family, event: PaymentReceived) -> ReceivePaymentResponse:
    return ReceivePaymentResponse(
        family_id=event.family_id,
        transaction_id=event.transaction_id,
        allocations=event.allocations,
        credit_cents=family.account.credit_cents,
        outstanding_cents=family.account.outstanding_cents,
        currency_code=event.currency_code,
    )


def _risk_score(_family: Family, event: RiskScoreUpdated) -> UpdateRiskScoreResponse:
    return UpdateRiskScoreResponse(
        family_id=event.family_id,
        old_score=event.old_score,
        new_score=event.new_score,
        risk_tier=event.risk_tier,
    )


def _withdrawn(family: Family, event: FamilyWithdrawn) -> WithdrawFamilyResponse:
    return WithdrawFamilyResponse(
        family_id=event.family_id,
        status=family.status,
        outstanding_cents=family.account.outstanding_cents,
        cancelled_cents=sum(each.cancelled_cents for each in event.cancellations),
        currency_code=family.currency_code,
    )


def _as_recorded(response: type[Response], *fields: str) -> Callable[[Family, Any], Response]:
    """Answers the family's id and these fields of the event."""
    return lambda _family, event: response(
        family_id=event.family_id, **{field: getattr(event, field) for field in fields}
    )


DECIDERS = (FAMILY,)

# To be read as a table: request, main stream, decide, response, the id that is made.
COMMANDS: tuple[Command[Any, Any], ...] = (
    Command(EnrollFamilyRequest, _family, enroll_family, _enrolled, creates="family_id"),
    Command(AddChildRequest, _family, add_child, _child_added),
    Command(IssueTuitionInvoiceRequest, _family, issue_tuition_invoice, _invoiced),
    Command(ReceivePaymentRequest, _family, receive_payment, _paid),
    Command(
        UpdateEngagementScoreRequest,
        _family,
        update_engagement_score,
        _as_recorded(UpdateEngagementScoreResponse, "old_score", "new_score"),
    ),
    Command(UpdateRiskScoreRequest, _family, update_risk_score, _risk_score),
    Command(
        RecommendInterventionRequest,
        _family,
        recommend_intervention,
        _as_recorded(RecommendInterventionResponse, "intervention", "priority"),
    ),
    Command(RecordContactRequest, _family, record_contact, _as_recorded(RecordContactResponse, "date")),
    Command(
        SetPreferredContactChannelRequest,
        _family,
        set_preferred_contact_channel,
        _as_recorded(SetPreferredContactChannelResponse, "channel"),
    ),
    Command(
        AssignCoordinatorRequest,
        _family,
        assign_coordinator,
        _as_recorded(AssignCoordinatorResponse, "coordinator"),
    ),
    Command(RecordLoginRequest, _family, record_login, _as_recorded(RecordLoginResponse, "date")),
    Command(
        RecordVolunteerHoursRequest,
        _family,
        record_volunteer_hours,
        _as_recorded(RecordVolunteerHoursResponse, "hours"),
    ),
    Command(
        RecordAttendanceRequest,
        _family,
        record_attendance,
        _as_recorded(RecordAttendanceResponse, "attended"),
    ),
    Command(WithdrawFamilyRequest, _family, withdraw_family, _withdrawn),
)
