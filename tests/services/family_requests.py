"""Commands of the families domain, as short as a test needs them."""

from typing import Any

from diptych.families.v1 import family_command_service_pb2 as commands

from tests.services.write_services import a_context


def enroll(family_id: str = "lee", *, currency_code: str = "EUR", **context: Any) -> Any:
    """An EnrollFamily command."""
    return commands.EnrollFamilyRequest(
        context=a_context(**context),
        family_id=family_id,
        family_name="Lee",
        enrollment_date=date(2023, 9, 1),
        currency_code=currency_code,
    )


def issue(invoice_id: str, cents: int, due: Any = None, *, family_id: str = "lee", **context: Any) -> Any:
    """An IssueTuitionInvoice command."""
    return commands.IssueTuitionInvoiceRequest(
        context=a_context(**context),
        family_id=family_id,
        invoice_id=invoice_id,
        amount_cents=cents,
        due_date=due or date(2023, 10, 15),
    )


def pay(
    transaction_id: str,
    cents: int,
    received: Any = None,
    *,
    invoice_id: str = "",
    family_id: str = "lee",
    **context: Any,
) -> Any:
    """A ReceivePayment command."""
    return commands.ReceivePaymentRequest(
        context=a_context(**context),
        family_id=family_id,
        transaction_id=transaction_id,
        amount_cents=cents,
        received_date=received or date(2023, 10, 1),
        payment_method="card",
        invoice_id=invoice_id,
    )


def about(kind: type[Any], *, family_id: str = "lee", **fields: Any) -> Any:
    """Any other command about a family."""
    return kind(context=a_context(), family_id=family_id, **fields)


def withdraw(last_day: Any = None, *, family_id: str = "lee") -> Any:
    """A WithdrawFamily command."""
    return about(
        commands.WithdrawFamilyRequest,
        family_id=family_id,
        date=last_day or date(2023, 12, 31),
        reason="moved",
    )


def date(year: int, month: int, day: int) -> Any:
    """A google.type.Date, or what stands for one that is none."""
    return {"year": year, "month": month, "day": day}
