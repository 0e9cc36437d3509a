"""What a family owes and what it paid, invoice by invoice."""

from diptych.families.v1.events_pb2 import FamilyEnrolled, FamilyWithdrawn, PaymentReceived, TuitionInvoiced
from diptych.families.v1.views_pb2 import InvoicePayment, TuitionAccount, TuitionInvoice
from google.protobuf.message import Message

from projector.families.tuition_tallies import tuition_tallies
from projector.projection import ReadModel


def evolve(view: TuitionAccount, event: Message) -> TuitionAccount:
    match event:
        case TuitionInvoiced():
            _invoice(view, event)
        case PaymentReceived():
            _pay(view, event)
        case FamilyEnrolled():
            view.family_id = event.family_id
            view.currency_code = event.currency_code
        case FamilyWithdrawn():
            for cancellation in event.cancellations:
                _cancel(view, cancellation.invoice_id, cancellation.cancelled_cents)
        case _:
            return view
    return view


def _invoice(view: TuitionAccount, event: TuitionInvoiced) -> None:
    invoice = view.invoices.add(invoice_id=event.invoice_id, amount_cents=event.amount_cents)
    invoice.due_date.CopyFrom(event.due_date)
    view.invoiced_cents += event.amount_cents
    view.outstanding_cents += event.amount_cents
    for credit in event.credits:
        view.credit_cents -= credit.amount_cents
        part = InvoicePayment(
            transaction_id=credit.transaction_id,
            amount_cents=credit.amount_cents,
            payment_method=credit.payment_method,
        )
        _allocate(view, invoice, part)


def _pay(view: TuitionAccount, event: PaymentReceived) -> None:
    payment = view.payments.add(
        transaction_id=event.transaction_id,
        amount_cents=event.amount_cents,
        payment_method=event.payment_method,
        credit_cents=event.credit_cents,
    )
    payment.received_date.CopyFrom(event.received_date)
    payment.allocations.extend(event.allocations)
    view.credit_cents += event.credit_cents
    for allocation in event.allocations:
        part = InvoicePayment(
            transaction_id=event.transaction_id,
            amount_cents=allocation.amount_cents,
            days_late=allocation.days_late,
            payment_method=event.payment_method,
        )
        _allocate(view, _named(view, allocation.invoice_id), part)


def _allocate(view: TuitionAccount, invoice: TuitionInvoice, part: InvoicePayment) -> None:
    invoice.payments.append(part)
    invoice.paid_cents += part.amount_cents
    view.collected_cents += part.amount_cents
    view.outstanding_cents -= part.amount_cents


def _cancel(view: TuitionAccount, invoice_id: str, cents: int) -> None:
    invoice = _named(view, invoice_id)
    invoice.amount_cents -= cents
    invoice.cancelled_cents += cents
    view.invoiced_cents -= cents
    view.outstanding_cents -= cents


def _named(view: TuitionAccount, invoice_id: str) -> TuitionInvoice:
    # What is open is mostly among the newest.
    return next(invoice for invoice in reversed(view.invoices) if invoice.invoice_id == invoice_id)


TUITION_ACCOUNT = ReadModel(
    name="tuition_account",
    category="family",
    view=TuitionAccount,
    evolve=evolve,
    tallies=tuition_tallies,
    contributing_events=(TuitionInvoiced, PaymentReceived, FamilyWithdrawn),
)
