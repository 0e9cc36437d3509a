"""Money in tallies against money in the log: every report of one thing adds up to the same."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from diptych.families.v1 import events_pb2 as family_events
from diptych.orders.v1 import events_pb2 as events

from tests.faults.checker.findings import Evidence, Findings, Violation, found
from tests.faults.checker.read_dump import ReadDump

Sums = Counter[tuple[str, str]]

# Which columns of which tally add up to what; the part of a column after the name is a currency or a sku.
_COLUMNS = (
    ("sales_by_day", "gross", "sold"),
    ("sales_by_month", "gross", "sold"),
    ("sales_by_day_and_country", "gross", "sold"),
    ("sales_by_month_and_country", "gross", "sold"),
    ("customer_totals", "spent", "sold"),
    ("sales_by_day", "credit", "given back"),
    ("sales_by_month_and_country", "credit", "given back"),
    ("customer_totals", "credit", "given back"),
    ("tuition", "received", "paid"),
    ("tuition", "expected", "invoiced"),
)


def tallies_add_up(evidence: Evidence) -> Findings:
    """Money, for each dump: sums over the log up to its checkpoint against sums over tallies."""
    sums = _Logged(evidence)
    for dump in sorted((*evidence.read_models, *evidence.final), key=lambda dump: dump.position):
        if dump.epoch is None or not evidence.log.holds(dump.epoch, dump.position):
            continue
        logged = sums.move_to(dump.position)
        for tally, column, what in _COLUMNS:
            if (tally in ("tuition",)) == (dump.projection == "families"):
                yield from _unequal(dump, tally, column, logged[what])
        if dump.projection == "orders":
            yield from _unequal_units(dump, logged["held"])


def _unequal(dump: ReadDump, tally: str, column: str, logged: Counter[str]) -> Iterator[Violation]:
    tallied: Counter[str] = Counter()
    for (name, _, each), amount in dump.tallies.items():
        kind, _, currency = each.partition("|")
        if (name, kind) == (tally, column):
            tallied[currency] += amount
    for currency in sorted(tallied.keys() | logged.keys()):
        if tallied[currency] != logged[currency]:
            what = (
                f"{column} of {tally} in {currency} is {tallied[currency]}, the log says {logged[currency]}"
            )
            yield found("money", f"{dump.place}: {what}")


def _unequal_units(dump: ReadDump, held: Counter[str]) -> Iterator[Violation]:
    tallied: Counter[str] = Counter()
    for (name, sku, _), amount in dump.tallies.items():
        if name == "product_units":
            tallied[sku] += amount
    for sku in sorted(tallied.keys() | held.keys()):
        if tallied[sku] != held[sku]:
            yield found(
                "money", f"{dump.place}: orders hold {tallied[sku]} of {sku}, the log says {held[sku]}"
            )


class _Logged:
    """Sums over the log up to a position, which only goes on: by what it is, then by currency (or by sku, for
    units held by orders)."""

    def __init__(self, evidence: Evidence) -> None:
        self._events = evidence.log.events
        self._taken = 0
        self._sums: dict[str, Counter[str]] = {
            name: Counter() for name in ("given back", "paid", "invoiced", "held")
        }
        self._totals: dict[str, tuple[str, int]] = {}
        self._currencies: dict[tuple[str, str], str] = {}

    def move_to(self, position: int) -> dict[str, Counter[str]]:
        """The sums there."""
        for event in self._events[self._taken : position]:
            self._take(event.message)
        self._taken = max(self._taken, position)
        sold: Counter[str] = Counter()
        for currency, cents in self._totals.values():
            sold[currency] += cents
        return {**self._sums, "sold": sold}

    def _take(self, message: Any) -> None:
        match message:
            case events.OrderPlaced():
                self._totals[message.order_id] = message.currency_code, message.total_cents
            case events.OrderItemAdded() | events.OrderItemRemoved():
                currency, _ = self._totals.get(message.order_id, ("", 0))
                self._totals[message.order_id] = currency, message.total_cents
            case events.OrderCancelled():
                self._totals.pop(message.order_id, None)
            case events.CreditNoteIssued():
                self._sums["given back"][message.currency_code] += message.total_cents
            case events.StockReserved():
                self._sums["held"][message.sku] += message.quantity
            case events.StockReleased():
                self._sums["held"][message.sku] -= message.quantity
            case _:
                _add_tuition(self._sums, self._currencies, message)


def _add_tuition(sums: dict[str, Counter[str]], currencies: dict[tuple[str, str], str], message: Any) -> None:
    match message:
        case family_events.PaymentReceived():
            sums["paid"][message.currency_code] += message.amount_cents
        case family_events.TuitionInvoiced():
            currencies[message.family_id, message.invoice_id] = message.currency_code
            sums["invoiced"][message.currency_code] += message.amount_cents
        case family_events.FamilyWithdrawn():
            for each in message.cancellations:
                currency = currencies.get((message.family_id, each.invoice_id), "")
                sums["invoiced"][currency] -= each.cancelled_cents
