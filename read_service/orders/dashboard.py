"""The dashboard: counts and sums of orders from tallies where they have the answer, and a first page."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from diptych.orders.v1.order_query_service_pb2 import GetOrderDashboardRequest, ListOrdersRequest
from diptych.orders.v1.views_pb2 import (
    CurrencyRevenue,
    OrderDashboard,
    OrderStatus,
    OrderStatusCount,
    OrderSummary,
)

from read_service import encoding
from read_service.freshness import Answer
from read_service.orders.filters import OrderFilters, Range, filters_of, orders_page
from read_service.orders.lists import DEFAULT_SIZE, order_list_tokens
from read_service.page_tokens import Resumption
from read_service.pages import Read, page_size
from read_service.reports import Report, Reports, question_of
from read_service.tallies import ROWS_PER_READ, Columns, rest_of_rows
from read_store import Page, PageRows, TallyRow, TallyRows

_DAY = 86_400_000_000
_OPEN = ("PENDING", "APPROVED")
_PAGE_ROWS = 1000
_STATUS_NAMES = {
    number: name.removeprefix("ORDER_STATUS_")
    for name, number in sorted(OrderStatus.items(), key=lambda each: each[1])
}

# Status, high or normal, currency.
_Group = tuple[str, str, str]


async def get_order_dashboard(reports: Reports, request: GetOrderDashboardRequest, key: bytes) -> bytes:
    """Everything that fits into one read is of one moment; the rest is read right after it."""
    return await reports.answer(
        question_of(request), request.consistency, lambda: _dashboard_report(request, key)
    )


def _dashboard_report(request: GetOrderDashboardRequest, key: bytes) -> Report:
    filters = filters_of(request)
    parts = _parts(filters)
    limit = page_size(request.page_size, DEFAULT_SIZE)
    tokens = order_list_tokens(_listing(request), key)

    async def make(answer: Answer, read: Read) -> bytes:
        sums = _Sums(filters)
        for part, result in zip(parts, answer.results[1:], strict=True):
            await _add(sums, read, part, result)
        page: PageRows = answer.results[0]
        resumption = None if page.next is None else Resumption(place=page.next, floor=answer.floor)
        return b"".join(
            (
                encoding.field(1, sums.dashboard().SerializeToString()),
                encoding.fields(2, (row.message for row in page.rows)),
                encoding.field(3, tokens.write(resumption).encode()) if resumption else b"",
            )
        )

    first_page = orders_page(filters, limit=limit)
    return Report(operations=(first_page, *parts), make=make, freshness_field=4)


def _listing(request: GetOrderDashboardRequest) -> ListOrdersRequest:
    listing = ListOrdersRequest(status=request.status, customer_id=request.customer_id)
    if request.HasField("is_high_value"):
        listing.is_high_value = request.is_high_value
    if request.HasField("placed_from"):
        listing.placed_from.CopyFrom(request.placed_from)
    if request.HasField("placed_to"):
        listing.placed_to.CopyFrom(request.placed_to)
    return listing


_Part = TallyRow | TallyRows | Page


def _parts(filters: OrderFilters) -> list[_Part]:
    """What has to be added up: tallies for whole days and whole customers, orders for the rest."""
    if not filters.placed.is_bounded:
        if filters.customer_id:
            return [TallyRow(tally="orders_by_customer", row=filters.customer_id)]
        return [TallyRow(tally="orders", row="all")]
    if filters.customer_id:
        return [_orders_placed(filters, filters.placed)]
    days, edges = _whole_days(filters.placed)
    parts: list[_Part] = [_orders_placed(filters, edge) for edge in edges]
    if days is not None:
        ends = (None if day is None else _day_name(day) for day in (days.first, days.last))
        first, last = ends
        parts.append(TallyRows(tally="orders_by_day", first=first, last=last, limit=ROWS_PER_READ))
    return parts


def _whole_days(placed: Range) -> tuple[Range | None, list[Range]]:
    """Split a range of microseconds into whole days (as day numbers) and what is left at its ends."""
    first_day = None if placed.first is None else -(-placed.first // _DAY)
    last_day = None if placed.last is None else (placed.last + 1) // _DAY - 1
    if first_day is not None and last_day is not None and first_day > last_day:
        return None, [placed]
    edges = []
    if first_day is not None and placed.first != first_day * _DAY:
        edges.append(Range(first=placed.first, last=first_day * _DAY - 1))
    if last_day is not None and placed.last != (last_day + 1) * _DAY - 1:
        edges.append(Range(first=(last_day + 1) * _DAY, last=placed.last))
    return Range(first=first_day, last=last_day), edges


def _day_name(day: int) -> str:
    return f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}"


def _orders_placed(filters: OrderFilters, placed: Range) -> Page:
    return orders_page(replace(filters, placed=placed), limit=_PAGE_ROWS)


async def _add(sums: "_Sums", read: Read, part: _Part, result: Any) -> None:
    match part:
        case TallyRow():
            sums.add_columns(result)
        case TallyRows():
            for _, columns in await rest_of_rows(read, part, result):
                sums.add_columns(columns)
        case Page():
            page: PageRows = result
            sums.add_orders(row.message for row in page.rows)
            while page.next is not None:
                page = (await read((replace(part, after=page.next),))).results[0]
                sums.add_orders(row.message for row in page.rows)


class _Sums:
    """Counts and cents by group, of those that the filters let through."""

    def __init__(self, filters: OrderFilters) -> None:
        self._filters = filters
        self._status_name, self._value_name = filters.status_name, filters.value_name
        self._counts: Counter[_Group] = Counter()
        self._cents: Counter[_Group] = Counter()

    def add_columns(self, columns: Columns) -> None:
        for column, amount in columns.items():
            kind, group = _parted(column)
            if self._status_name in ("", group[0]) and self._value_name in ("", group[1]):
                sums = self._counts if kind == "count" else self._cents
                sums[group] += amount

    def add_orders(self, messages: Iterable[bytes]) -> None:
        for message in messages:
            summary = OrderSummary.FromString(message)
            value = "high" if summary.is_high_value else "normal"
            if self._filters.holds_still(summary):
                group = (_STATUS_NAMES[summary.status], value, summary.currency_code)
                self._counts[group] += 1
                self._cents[group] += summary.total_cents

    def dashboard(self) -> OrderDashboard:
        revenue = self._revenue()
        main = max(revenue, key=_weight, default=CurrencyRevenue())
        orders, high_value_count = dict.fromkeys(_STATUS_NAMES.values(), 0), 0
        for (status, value, _), count in self._counts.items():
            orders[status] += count
            high_value_count += count if value == "high" else 0
        return OrderDashboard(
            counts=[
                OrderStatusCount(status=number, orders=orders[name])
                for number, name in _STATUS_NAMES.items()
                if number
            ],
            total_count=sum(orders.values()),
            high_value_count=high_value_count,
            open_revenue_cents=main.open_revenue_cents,
            total_revenue_cents=main.total_revenue_cents,
            currency_code=main.currency_code,
            revenue=revenue,
        )

    def _revenue(self) -> list[CurrencyRevenue]:
        open_cents, total_cents = Counter[str](), Counter[str]()
        for (status, _, currency_code), cents in self._cents.items():
            open_cents[currency_code] += cents if status in _OPEN else 0
            total_cents[currency_code] += cents if status != "CANCELLED" else 0
        return [
            CurrencyRevenue(
                currency_code=currency_code,
                open_revenue_cents=open_cents[currency_code],
                total_revenue_cents=total_cents[currency_code],
            )
            for currency_code in sorted(total_cents)
        ]


@lru_cache(maxsize=4096)
def _parted(column: str) -> tuple[str, _Group]:
    """What a column counts, and of which group; the same few columns come in every row."""
    kind, status, value, currency_code = column.split("|")
    return kind, (status, value, currency_code)


def _weight(revenue: CurrencyRevenue) -> tuple[int, int]:
    return revenue.total_revenue_cents, revenue.open_revenue_cents
