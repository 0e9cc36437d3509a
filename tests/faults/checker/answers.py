"""What a response must have said at its position, by the plain folds over the log."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

from google.protobuf.message import Message

from tests.faults.checker.calls import Answer, Call
from tests.faults.checker.documents import Documents
from tests.faults.checker.family_reports import FamilyReports
from tests.faults.checker.listings import LISTINGS
from tests.faults.checker.log_dump import LogIndex
from tests.faults.checker.reports import dashboard, sales_rows
from tests.faults.checker.requests import request_of, response_of
from tests.faults.checker.searches import families_found
from tests.faults.checker.timeline import Timeline, stream_of
from tests.plain import plain

Fields = dict[str, Any]

# They depend on the day of the query.
_BY_THE_DAY = frozenset(
    ("age", "oldest_child_age", "overdue_cents", "days_since_contact", "days_until_predicted_withdrawal")
)
_ENTITIES = {
    "GetOrder": ("order_details", "order", "order_id"),
    "GetProduct": ("product", "product", "sku"),
    "GetCustomer": ("customer", "customer", "customer_id"),
    "GetFamily": ("family_details", "family", "family_id"),
    "GetTuitionAccount": ("tuition_account", "account", "family_id"),
}
_PAGED = frozenset((*_ENTITIES, *LISTINGS, "WatchOrders"))
# Whose own events are few, so that their tallies are cheap to keep along the way.
_COUNTING = ("order", "credit-note")

Recorded = tuple[int, Call, Answer]


def unlike_the_log(
    index: LogIndex, documents: Documents, recorded: Sequence[Recorded]
) -> Iterator[tuple[Call, str]]:
    """Compare whole responses, given in the order of their positions."""
    expecting = _Expecting(index, documents)
    for position, call, answer in recorded:
        response = response_of(call.method, answer.response)
        if response is None:
            continue
        expecting.move_to(position)
        for said, expected in expecting.pairs(call, response):
            yield call, _difference(position, said, expected)


class _Expecting:
    """What queries must answer at a position, which only goes on."""

    def __init__(self, index: LogIndex, documents: Documents) -> None:
        events = index.log.events
        self._index, self._documents = index, documents
        counted = [event for event in events if event.category in _COUNTING]
        self._counted = Timeline("orders", counted, documents.fold)
        self._families = FamilyReports(events)
        self._position = 0
        self._joins: dict[str, Callable[[str], Fields]] = {
            "product": self._units,
            "customer": self._bought,
        }
        # By what was shown, that it was right.
        self._right: dict[tuple[Any, ...], bytes] = {}

    def move_to(self, position: int) -> None:
        self._position = position
        self._counted.move_to(position)
        self._families.move_to(position)

    def pairs(self, call: Call, response: Any) -> Iterator[tuple[Fields, Fields]]:
        """What a response says and what it should say, where that is known and not the same."""
        if call.method in _ENTITIES:
            view, field, id_field = _ENTITIES[call.method]
            yield from self._shown(view, id_field, [getattr(response, field)])
        elif call.method in LISTINGS:
            listing = LISTINGS[call.method]
            yield from self._shown(listing.view, listing.id_field, getattr(response, listing.field))
        elif call.method == "WatchOrders":
            yield from self._shown("order_summary", "order_id", response.orders)
        elif call.method == "SearchFamilies":
            yield from self._shown("family_summary", "family_id", response.families)
        if call.method not in _PAGED and (request := request_of(call)) is not None:
            yield from _unlike(self._reports(call.method, request, response))

    def _reports(self, method: str, request: Any, response: Any) -> Sequence[tuple[Fields, Fields | None]]:
        if method == "GetSalesReport":
            said = {"rows": [plain(row) for row in response.rows]}
            return [(said, {"rows": sales_rows(self._counted, request)})]
        if method == "SearchFamilies":
            return families_found(self._index, self._documents, self._position, request, response)
        if method == "GetOrderDashboard":
            return [(plain(response.dashboard), dashboard(self._counted, request))]
        return self._families.pairs(method, request, response)

    def _shown(self, view: str, id_field: str, rows: Iterable[Message]) -> Iterator[tuple[Fields, Fields]]:
        """Rows that are not right; one that was right once is right as often as it is shown just so."""
        join = self._joins.get(view)
        for row in rows:
            id_ = getattr(row, id_field)
            joined = join(id_) if join else {}
            version = self._index.version_at(stream_of(view, id_), self._position)
            key = (view, id_, version, repr(joined))
            shown = _digest(row)
            if self._right.get(key) == shown or not self._documents.is_folded(view, id_, self._position):
                continue
            document = self._documents.of_version(view, id_, version)
            different = list(_unlike([(plain(row), document | joined if document else {})]))
            if not different:
                self._right[key] = shown
            yield from different

    def _units(self, sku: str) -> Fields:
        units = self._counted.row("product_units", sku)
        return {"reserved": units.get("reserved", 0), "sold": units.get("sold", 0)}

    def _bought(self, customer_id: str) -> Fields:
        totals = self._counted.row("customer_totals", customer_id)
        currencies = sorted({column.split("|")[1] for column in totals if "|" in column})
        amounts = [
            {
                "currency_code": currency,
                "total_spent_cents": totals.get(f"spent|{currency}", 0),
                "credit_cents": totals.get(f"credit|{currency}", 0),
            }
            for currency in currencies
        ]
        most = max(amounts, key=lambda each: (each["total_spent_cents"], each["credit_cents"]), default={})
        placed, last_order_id = self._counted.newest_order(customer_id)
        return {
            "order_count": totals.get("orders", 0),
            "amounts": amounts,
            **most,
            "last_order_id": last_order_id,
            "last_order_at": placed,
        }


def _digest(row: Message) -> bytes:
    return blake2b(row.SerializeToString(), digest_size=16).digest()


def _unlike(pairs: Iterable[tuple[Fields, Fields | None]]) -> Iterator[tuple[Fields, Fields]]:
    for said, expected in pairs:
        if expected is not None and _lasting(said) != _lasting(expected):
            yield said, expected


def _lasting(value: Any) -> Any:
    """The same without what depends on the day."""
    if isinstance(value, dict):
        is_invoice = "due_date" in value
        return {
            name: _lasting(each)
            for name, each in value.items()
            if name not in _BY_THE_DAY and not (is_invoice and name == "status")
        }
    return [_lasting(each) for each in value] if isinstance(value, list) else value


def _difference(position: int, said: Fields, expected: Fields) -> str:
    said, expected = _lasting(said), _lasting(expected)
    names = sorted(name for name in said.keys() | expected.keys() if said.get(name) != expected.get(name))
    wrong = {name: (said.get(name), expected.get(name)) for name in names}
    return f"said at {position} (answer, log): {wrong!r:.400}"
