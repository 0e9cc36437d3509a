"""Any history of invoices and payments: no cent is lost or made, and the state is what plain sums say."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from diptych.families.v1 import events_pb2 as events
from diptych.families.v1 import family_command_service_pb2 as commands
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.specs.families_commands.given import ENROLLED, Given
from tests.specs.families_commands.plain_account import PlainAccount
from write_service.dates import day_of, written
from write_service.decider import CommandRejected
from write_service.families.family import FAMILY, Family
from write_service.families.seen_ids import SeenIds
from write_service.families.tuition import DuplicateTransaction, InvoiceExists, UnknownInvoice
from write_service.families.tuition_account import Credit, OpenInvoice, Rest
from write_service.snapshots import _Shape

FIRST = date(2024, 2, 26)
# Few of each, so that they meet.
_days = st.integers(0, 8).map(lambda days: FIRST + timedelta(days=days))
_invoice_ids = st.sampled_from([f"i{number}" for number in range(8)])
_transaction_ids = st.sampled_from([f"t{number}" for number in range(12)])
_cents = st.one_of(st.integers(1, 9), st.integers(1, 10_000_000_000))

_issue = st.builds(
    lambda invoice_id, cents, due: commands.IssueTuitionInvoiceRequest(
        family_id="lee", invoice_id=invoice_id, amount_cents=cents, due_date=written(due)
    ),
    _invoice_ids,
    _cents,
    _days,
)
_pay = st.builds(
    lambda transaction_id, cents, received, named: commands.ReceivePaymentRequest(
        family_id="lee",
        transaction_id=transaction_id,
        amount_cents=cents,
        received_date=written(received),
        payment_method="card",
        invoice_id=named,
    ),
    _transaction_ids,
    _cents,
    _days,
    st.one_of(st.just(""), _invoice_ids),
)
_login = st.just(commands.RecordLoginRequest(family_id="lee", date=written(FIRST)))
_histories = st.lists(st.one_of(_issue, _pay, _pay, _login), max_size=30)


def _expected(plain: PlainAccount, request: Any) -> type[CommandRejected] | list[Any] | None:
    """What plain sums make of a command: why it is refused, or what goes where."""
    match request:
        case commands.IssueTuitionInvoiceRequest():
            if plain.has(request.invoice_id):
                return InvoiceExists
            return plain.issue(request.invoice_id, request.amount_cents, day_of(request.due_date))
        case commands.ReceivePaymentRequest():
            if any(payment.transaction_id == request.transaction_id for payment in plain.payments):
                return DuplicateTransaction
            if request.invoice_id and not plain.has(request.invoice_id):
                return UnknownInvoice
            received = day_of(request.received_date)
            return plain.pay(request.transaction_id, request.amount_cents, received, request.invoice_id)
        case _:
            return None


def _found(history: Given, request: Any, log: list[Message]) -> type[CommandRejected] | list[Any] | None:
    """What the domain makes of it; what happened is added to the log."""
    try:
        event: Any = history.when(request).events[0]
    except CommandRejected as rejection:
        return type(rejection)
    log.append(event)
    match event:
        case events.TuitionInvoiced():
            return [(each.transaction_id, each.amount_cents) for each in event.credits]
        case events.PaymentReceived():
            return [(each.invoice_id, each.amount_cents, each.days_late) for each in event.allocations]
        case _:
            return None


def _check_state(family: Family, plain: PlainAccount) -> None:
    account = family.account
    assert (account.outstanding_cents, account.credit_cents) == (plain.outstanding, plain.credit)
    turn = sorted(plain.invoices, key=lambda invoice: invoice.due)
    assert account.open_invoices == tuple(
        OpenInvoice(of_id=each.invoice_id, cents=each.open, due_date=each.due) for each in turn if each.open
    )
    assert account.credits == tuple(
        Credit(of_id=each.transaction_id, cents=each.cents - each.used, payment_method="card")
        for each in plain.payments
        if each.cents > each.used
    )
    for ids, used in (
        (account.invoice_ids, {each.invoice_id for each in plain.invoices}),
        (account.transaction_ids, {each.transaction_id for each in plain.payments}),
    ):
        assert sorted(each for part in ids.sets for each in part) == sorted(used)


def _check_cents(log: Iterable[Message], family: Family) -> None:
    """Adds up the events alone."""
    owed: Counter[str] = Counter()
    surplus: Counter[str] = Counter()
    for event in log:
        match event:
            case events.TuitionInvoiced():
                owed[event.invoice_id] = event.amount_cents
                for each in event.credits:
                    surplus[each.transaction_id] -= each.amount_cents
                    owed[event.invoice_id] -= each.amount_cents
            case events.PaymentReceived():
                shares = sum(each.amount_cents for each in event.allocations)
                assert event.amount_cents == shares + event.credit_cents
                surplus[event.transaction_id] = event.credit_cents
                for share in event.allocations:
                    owed[share.invoice_id] -= share.amount_cents
            case events.FamilyWithdrawn():
                for gone in event.cancellations:
                    owed[gone.invoice_id] -= gone.cancelled_cents
        assert min(owed.values(), default=0) >= 0, "more went to an invoice than it was"
        assert min(surplus.values(), default=0) >= 0, "more was used of a payment than it was"
        assert not (sum(owed.values()) and sum(surplus.values())), "credit waits beside an open invoice"
    assert _cents_of(family.account.open_invoices) == +owed
    assert _cents_of(family.account.credits) == +surplus


def _cents_of(rests: Iterable[Rest]) -> Counter[str]:
    return Counter({rest.of_id: rest.cents for rest in rests})


@settings(max_examples=150, deadline=None)
@given(_histories, st.integers(0, 30), _days)
def test_cents_are_conserved_and_the_state_is_what_plain_sums_say(
    requests: list[Any], withdrawn_after: int, last_day: date
) -> None:
    history, plain, log = Given(ENROLLED), PlainAccount(), list[Message]()
    for number, request in enumerate(requests):
        if number == withdrawn_after:
            leave = commands.WithdrawFamilyRequest(family_id="lee", date=written(last_day), reason="moved")
            event: Any = history.when(leave).events[0]
            log.append(event)
            gone = {each.invoice_id: each.cancelled_cents for each in event.cancellations}
            assert gone == plain.withdraw(last_day)
        if history.family.is_withdrawn and isinstance(request, commands.IssueTuitionInvoiceRequest):
            continue
        assert _found(history, request, log) == _expected(plain, request)
        _check_state(history.family, plain)
    _check_cents(log, history.family)
    _check_round_trips(log, history.family)


def _check_round_trips(log: Iterable[Message], family: Family) -> None:
    """The same state comes from the events as recorded, and from a snapshot."""
    replayed = FAMILY.evolve(FAMILY.initial, ENROLLED)
    for event in log:
        replayed = FAMILY.evolve(replayed, type(event).FromString(event.SerializeToString()))
    assert replayed == family
    shape = _Shape(FAMILY)
    assert shape.load(shape.dump(family)) == family


@given(st.lists(st.text(max_size=2)))
def test_seen_ids_are_a_set(used: list[str]) -> None:
    ids = SeenIds()
    for number, each in enumerate(used):
        ids = ids.with_id(each)
        assert all(earlier in ids for earlier in used[: number + 1])
    assert {each for part in ids.sets for each in part} == set(used)
    assert "not used" not in ids


def test_ten_thousand_ids_are_in_few_sets() -> None:
    ids, copied = SeenIds(), 0
    for number in range(10_000):
        ids = ids.with_id(str(number))
        copied += len(ids.sets[-1])
    assert len(ids.sets) <= 14
    assert copied < 10_000 * 14
