"""The dashboard: counts and sums of orders from tallies where they have the answer, and a first page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
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
from read_service.freshness import Answer, FreshReads
from read_service.orders.filters import OrderFilters, Range, filters_of, orders_page
from read_service.orders.lists import DEFAULT_SIZE, order_list_tokens
from read_service.page_tokens import Resumption
from read_service.pages import Read, page_size
from read_service.tallies import ROWS_PER_READ, Columns, rest_of_rows
from read_store import Operation, Page, PageRows, TallyRow, TallyRows

_DAY = 86_400_000_000
_OPEN = ("PENDING", "APPROVED")
_PAGE_ROWS = 1000
_STATUS_NAMES = {number: name.removeprefix("ORDER_STATUS_") for name, number in OrderStatus.items()}


async def get_order_dashboard(reads: FreshReads, request: GetOrderDashboardRequest, key: bytes) -> bytes:
    """Everything that fits into one read is of one moment; the rest is read right after it."""
    filters = filters_of(request)
    parts = _parts(filters)
    limit = page_size(request.page_size, DEFAULT_SIZE)
    first_page = orders_page(filters, limit=limit)
    operations = (first_page, *(part for part in parts))
    answer = await reads.read(operations, consistency=request.consistency)

    async def read(more: Sequence[Operation[Any]]) -> Answer:
        return await reads.read(more, floor=answer.floor)

    sums = _Sums(filters)
    for part, result in zip(parts, answer.results[1:], strict=True):
        await _add(sums, read, part, result)
    page: PageRows = answer.results[0]
    resumption = None if page.next is None else Resumption(place=page.next, floor=answer.floor)
    tokens = order_list_tokens(_listing(request), key)
    return b"".join(
        (
            encoding.field(1, sums.dashboard().SerializeToString()),
            encoding.fields(2, (row.message for row in page.rows)),
            encoding.field(3, tokens.write(resumption).encode()) if resumption else b"",
            encoding.field(4, reads.describe(answer)),
        )
    )


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


@dataclass(slots=True)
class _Sums:
    """Counts and cents by (status, high or normal, currency), of those that the filters let through."""

    filters: OrderFilters
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    cents: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add_columns(self, columns: Columns) -> None:
        for column, amount in columns.items():
            kind, status, value, currency_code = column.split("|")
            is_meant = self.filters.status_name in ("", status) and self.filters.value_name in ("", value)
            if is_meant:
                sums = self.counts if kind == "count" else self.cents
                sums[status, value, currency_code] += amount

    def add_orders(self, messages: Iterable[bytes]) -> None:
        for message in messages:
            summary = OrderSummary.FromString(message)
            value = "high" if summary.is_high_value else "normal"
            if self.filters.holds_still(summary):
                group = (_STATUS_NAMES[summary.status], value, summary.currency_code)
                self.counts[group] += 1
                self.cents[group] += summary.total_cents

    def dashboard(self) -> OrderDashboard:
        revenue = self._revenue()
        main = max(revenue, key=_weight, default=CurrencyRevenue())
        return OrderDashboard(
            counts=[
                OrderStatusCount(
                    status=number, orders=sum(n for key, n in self.counts.items() if key[0] == name)
                )
                for number, name in sorted(_STATUS_NAMES.items())
                if number
            ],
            total_count=sum(self.counts.values()),
            high_value_count=sum(n for (_, value, _), n in self.counts.items() if value == "high"),
            open_revenue_cents=main.open_revenue_cents,
            total_revenue_cents=main.total_revenue_cents,
            currency_code=main.currency_code,
            revenue=revenue,
        )

    def _revenue(self) -> list[CurrencyRevenue]:
        by_currency: dict[str, CurrencyRevenue] = {}
        for (status, _, currency_code), cents in sorted(self.cents.items()):
            revenue = by_currency.setdefault(currency_code, CurrencyRevenue(currency_code=currency_code))
            if status in _OPEN:
                revenue.open_revenue_cents += cents
            if status != "CANCELLED":
                revenue.total_revenue_cents += cents
        return [by_currency[currency_code] for currency_code in sorted(by_currency)]


def _weight(revenue: CurrencyRevenue) -> tuple[int, int]:
    return revenue.total_revenue_cents, revenue.open_revenue_cents
