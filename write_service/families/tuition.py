"""Tuition: invoices, and the payments that are matched with them."""

from diptych.families.v1.events_pb2 import PaymentReceived, TuitionInvoiced
from diptych.families.v1.family_command_service_pb2 import IssueTuitionInvoiceRequest, ReceivePaymentRequest
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.dates import day_of
from write_service.decider import AggregateExists, AggregateNotFound, Decision, States
from write_service.families.family import FAMILY, enrolled_family, known_family
from write_service.families.tuition_account import allocations, credit_applications


class InvoiceExists(AggregateExists):
    """An invoice's id is given once in a family."""


class DuplicateTransaction(AggregateExists):
    """A transaction pays once."""


class UnknownInvoice(AggregateNotFound):
    """A payment names an invoice of its own family, or none."""


def issue_tuition_invoice(request: IssueTuitionInvoiceRequest, states: States, now: Timestamp) -> Decision:
    family = enrolled_family(states, request.family_id)
    if request.invoice_id in family.account.invoice_ids:
        raise InvoiceExists(
            f"family {request.family_id} has invoice {request.invoice_id} already",
            family_id=request.family_id,
            invoice_id=request.invoice_id,
        )
    event = TuitionInvoiced(
        family_id=request.family_id,
        invoice_id=request.invoice_id,
        amount_cents=request.amount_cents,
        currency_code=family.currency_code,
        due_date=request.due_date,
        credits=credit_applications(family.account, request.amount_cents),
        invoiced_at=now,
    )
    return [(FAMILY.stream(request.family_id), event)]


def receive_payment(request: ReceivePaymentRequest, states: States, now: Timestamp) -> Decision:
    family = known_family(states, request.family_id)
    if request.transaction_id in family.account.transaction_ids:
        raise DuplicateTransaction(
            f"family {request.family_id} paid with transaction {request.transaction_id} already",
            family_id=request.family_id,
            transaction_id=request.transaction_id,
        )
    if request.invoice_id and request.invoice_id not in family.account.invoice_ids:
        raise UnknownInvoice(
            f"family {request.family_id} has no invoice {request.invoice_id}",
            family_id=request.family_id,
            invoice_id=request.invoice_id,
        )
    shares = list(
        allocations(family.account, request.amount_cents, day_of(request.received_date), request.invoice_id)
    )
    event = PaymentReceived(
        family_id=request.family_id,
        transaction_id=request.transaction_id,
        amount_cents=request.amount_cents,
        currency_code=family.currency_code,
        received_date=request.received_date,
        payment_method=request.payment_method,
        invoice_id=request.invoice_id,
        allocations=shares,
        credit_cents=request.amount_cents - sum(share.amount_cents for share in shares),
        recorded_at=now,
    )
    return [(FAMILY.stream(request.family_id), event)]
