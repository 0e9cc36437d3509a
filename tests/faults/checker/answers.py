"""What a response must have said at its position, by the plain folds over the log."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.faults.checker.calls import Answer, Call
from tests.faults.checker.documents import Documents
from tests.faults.checker.family_reports import FamilyReports
from tests.faults.checker.listings import LISTINGS
from tests.faults.checker.log_dump import LogIndex
from tests.faults.checker.reports import dashboard, sales_rows
from tests.faults.checker.requests import request_of, response_of
from tests.faults.checker.timeline import Timeline
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
            if expected is not None and _lasting(said) != _lasting(expected):
                yield call, _difference(position, said, expected)


class _Expecting:
    """What queries must answer at a position, which only goes on."""

    def __init__(self, index: LogIndex, documents: Documents) -> None:
        events = index.log.events
        self._documents = documents
        self._counted = Timeline("orders", [event for event in events if event.category in _COUNTING])
        self._families = FamilyReports(events)
        self._position = 0
        self._joins: dict[str, Callable[[str], Fields]] = {
            "product": self._units,
            "customer": self._bought,
        }

    def move_to(self, position: int) -> None:
        self._position = position
        self._counted.move_to(position)
        self._families.move_to(position)

    def pairs(self, call: Call, response: Any) -> Sequence[tuple[Fields, Fields | None]]:
        """What a response says, and what it should say where that is known."""
        if call.method in _ENTITIES:
            view, field, id_field = _ENTITIES[call.method]
            shown = getattr(response, field)
            return [(plain(shown), self._document(view, getattr(shown, id_field)))]
        if call.method in LISTINGS:
            listing = LISTINGS[call.method]
            rows = [(row, getattr(row, listing.id_field)) for row in getattr(response, listing.field)]
            return [(plain(row), self._document(listing.view, id_)) for row, id_ in rows]
        request = request_of(call)
        if request is None:
            return []
        if call.method == "GetSalesReport":
            said = {"rows": [plain(row) for row in response.rows]}
            return [(said, {"rows": sales_rows(self._counted, request)})]
        if call.method == "GetOrderDashboard":
            return [(plain(response.dashboard), dashboard(self._counted, request))]
        return self._families.pairs(call.method, request, response)

    def _document(self, view: str, id_: str) -> Fields | None:
        """None where the stream is so long that only some of its versions are folded."""
        if not self._documents.is_folded(view, id_, self._position):
            return None
        document = self._documents.at(view, id_, self._position) or {}
        join = self._joins.get(view)
        return document | join(id_) if join and document else document

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
