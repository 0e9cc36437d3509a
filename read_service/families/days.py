"""What of a family depends on the day that a query asks for.

Ages are whole years, complete from the birthday on. A child born on 29 February turns a year older on 1
March in years without that day.
"""

from datetime import date

from diptych.families.v1.views_pb2 import (
    INVOICE_STATUS_CANCELLED,
    INVOICE_STATUS_OPEN,
    INVOICE_STATUS_OVERDUE,
    INVOICE_STATUS_PAID_LATE,
    INVOICE_STATUS_PAID_ON_TIME,
    AtRiskFamily,
    FamilyDetails,
    InvoiceStatus,
    TuitionAccount,
    TuitionInvoice,
)
from google.protobuf.message import Message
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from read_service.dates import day_of, today_utc


def on_date_of(request: Message) -> date:
    """Answer the day that a request asks for: its on_date, else today in UTC."""
    return day_of(request.on_date) if request.HasField("on_date") else today_utc()  # type: ignore[attr-defined] # read of any request that has it


def details_on(on_date: date, family: FamilyDetails, account: TuitionAccount) -> FamilyDetails:
    """Fill in what depends on the day, and answer the same message."""
    ages = []
    for child in family.children:
        child.age = age_on(on_date, child.birth_date)
        ages.append(child.age)
    if ages:
        family.oldest_child_age = max(ages)
    family.overdue_cents = sum(_unpaid(each) for each in account.invoices if _is_past_due(on_date, each))
    _count_days(on_date, family)
    return family


def at_risk_on(on_date: date, family: AtRiskFamily) -> AtRiskFamily:
    """Fill in what depends on the day, and answer the same message."""
    _count_days(on_date, family)
    return family


def account_on(on_date: date, account: TuitionAccount) -> TuitionAccount:
    """Fill in what depends on the day, and answer the same message."""
    overdue_cents = 0
    for invoice in account.invoices:
        invoice.status = _status_on(on_date, invoice)
        if invoice.status == INVOICE_STATUS_OVERDUE:
            overdue_cents += _unpaid(invoice)
    account.overdue_cents = overdue_cents
    return account


def age_on(on_date: date, birth_date: Date) -> int:
    """Answer an age in whole years; 0 before birth."""
    born = day_of(birth_date)
    is_before_birthday = (on_date.month, on_date.day) < (born.month, born.day)
    return max(0, on_date.year - born.year - is_before_birthday)


def _count_days(on_date: date, family: FamilyDetails | AtRiskFamily) -> None:
    today = on_date.toordinal()
    if family.HasField("last_contact_date"):
        family.days_since_contact = today - day_of(family.last_contact_date).toordinal()
    if family.HasField("predicted_withdrawal_date"):
        leaving = day_of(family.predicted_withdrawal_date).toordinal()
        family.days_until_predicted_withdrawal = leaving - today


def _status_on(on_date: date, invoice: TuitionInvoice) -> InvoiceStatus.ValueType:
    if _unpaid(invoice) > 0:
        return INVOICE_STATUS_OVERDUE if _is_past_due(on_date, invoice) else INVOICE_STATUS_OPEN
    if invoice.cancelled_cents and not invoice.paid_cents:
        return INVOICE_STATUS_CANCELLED
    is_late = any(payment.days_late for payment in invoice.payments)
    return INVOICE_STATUS_PAID_LATE if is_late else INVOICE_STATUS_PAID_ON_TIME


def _unpaid(invoice: TuitionInvoice) -> int:
    return invoice.amount_cents - invoice.paid_cents


def _is_past_due(on_date: date, invoice: TuitionInvoice) -> bool:
    return day_of(invoice.due_date) < on_date
