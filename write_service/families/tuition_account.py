"""What a family owes and what it paid too much: how payments and invoices find each other."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from operator import attrgetter
from typing import TypeVar

from diptych.families.v1.events_pb2 import (
    CreditApplication,
    FamilyWithdrawn,
    InvoiceCancellation,
    PaymentAllocation,
    PaymentReceived,
    TuitionInvoiced,
)

from write_service.dates import day_of
from write_service.families.seen_ids import SeenIds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left of the amount of an invoice or a payment, above 0."""

    of_id: str
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvoice(Rest):
    """An invoice that is not paid in full; `of_id` is its invoice id."""

    due_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit(Rest):
    """The surplus of a payment; `of_id` is its transaction id."""

    payment_method: str


AnyRest = TypeVar("AnyRest", bound=Rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class TuitionAccount:
    """A family's invoices and payments, as far as the rules look at them.

    `open_invoices` are in the order in which payments go to them: by due date, then by issue. `credits`
    are in the order in which invoices use them up: oldest first.
    """

    invoice_ids: SeenIds = field(default_factory=SeenIds)
    transaction_ids: SeenIds = field(default_factory=SeenIds)
    open_invoices: tuple[OpenInvoice, ...] = ()
    credits: tuple[Credit, ...] = ()
    # The sums of the two above.
    outstanding_cents: int = 0
    credit_cents: int = 0


def allocations(
    account: TuitionAccount, amount_cents: int, received_date: date, invoice_id: str
) -> Iterator[PaymentAllocation]:
    """Where a payment goes: to the invoice that it names, then to those due first, as far as it reaches."""
    for invoice, cents in _taken(_in_turn(account.open_invoices, invoice_id), amount_cents):
        yield PaymentAllocation(
            invoice_id=invoice.of_id,
            amount_cents=cents,
            days_late=max(0, (received_date - invoice.due_date).days),
        )


def credit_applications(account: TuitionAccount, amount_cents: int) -> Iterator[CreditApplication]:
    """What pays a new invoice at once: the surpluses of earlier payments, as far as they are needed."""
    for credit, cents in _taken(account.credits, amount_cents):
        yield CreditApplication(
            transaction_id=credit.of_id, payment_method=credit.payment_method, amount_cents=cents
        )


def cancellations(account: TuitionAccount, last_day: date) -> Iterator[InvoiceCancellation]:
    """What is not owed any more by a family that leaves: the rests of invoices due after its last day."""
    for invoice in account.open_invoices[_place_after(account.open_invoices, last_day) :]:
        yield InvoiceCancellation(invoice_id=invoice.of_id, cancelled_cents=invoice.cents)


def invoiced(account: TuitionAccount, event: TuitionInvoiced) -> TuitionAccount:
    """The account after a new invoice."""
    used = {credit.transaction_id: credit.amount_cents for credit in event.credits}
    used_cents = sum(used.values())
    unpaid_cents = event.amount_cents - used_cents
    open_invoices = account.open_invoices
    if unpaid_cents > 0:
        due_date = day_of(event.due_date)
        invoice = OpenInvoice(of_id=event.invoice_id, cents=unpaid_cents, due_date=due_date)
        place = _place_after(open_invoices, due_date)
        open_invoices = (*open_invoices[:place], invoice, *open_invoices[place:])
    return replace(
        account,
        invoice_ids=account.invoice_ids.with_id(event.invoice_id),
        open_invoices=open_invoices,
        credits=_less(account.credits, used),
        outstanding_cents=account.outstanding_cents + unpaid_cents,
        credit_cents=account.credit_cents - used_cents,
    )


def paid(account: TuitionAccount, event: PaymentReceived) -> TuitionAccount:
    """The account after a payment."""
    settled = {each.invoice_id: each.amount_cents for each in event.allocations}
    surplus: tuple[Credit, ...] = ()
    if event.credit_cents > 0:
        credit = Credit(
            of_id=event.transaction_id, cents=event.credit_cents, payment_method=event.payment_method
        )
        surplus = (credit,)
    return replace(
        account,
        transaction_ids=account.transaction_ids.with_id(event.transaction_id),
        open_invoices=_less(account.open_invoices, settled),
        credits=account.credits + surplus,
        outstanding_cents=account.outstanding_cents - sum(settled.values()),
        credit_cents=account.credit_cents + event.credit_cents,
    )


def cancelled(account: TuitionAccount, event: FamilyWithdrawn) -> TuitionAccount:
    """The account of a family that left."""
    gone = {each.invoice_id: each.cancelled_cents for each in event.cancellations}
    return replace(
        account,
        open_invoices=_less(account.open_invoices, gone),
        outstanding_cents=account.outstanding_cents - sum(gone.values()),
    )


def _place_after(invoices: tuple[OpenInvoice, ...], day: date) -> int:
    """Where the invoices begin that are due after this day."""
    return bisect_right(invoices, day, key=attrgetter("due_date"))


def _in_turn(invoices: tuple[OpenInvoice, ...], first_id: str) -> Iterable[OpenInvoice]:
    if not first_id:
        return invoices
    return chain(
        (invoice for invoice in invoices if invoice.of_id == first_id),
        (invoice for invoice in invoices if invoice.of_id != first_id),
    )


def _taken(rests: Iterable[AnyRest], amount_cents: int) -> Iterator[tuple[AnyRest, int]]:
    """Share an amount among rests, one after the other, until it is used up or they are."""
    for rest in rests:
        if amount_cents == 0:
            return
        cents = min(amount_cents, rest.cents)
        amount_cents -= cents
        yield rest, cents


def _less(rests: tuple[AnyRest, ...], taken: Mapping[str, int]) -> tuple[AnyRest, ...]:
    """The rests, by id less what is taken; those of which nothing is left are gone.

    Looks no further than to the last one taken from, which is mostly near the front.
    """
    remaining = dict(taken)
    kept: list[AnyRest] = []
    for place, rest in enumerate(rests):
        if not remaining:
            return (*kept, *rests[place:])
        cents = rest.cents - remaining.pop(rest.of_id, 0)
        if cents > 0:
            kept.append(rest if cents == rest.cents else replace(rest, cents=cents))
    return tuple(kept)
