"""The sales report: orders and credit notes by day or month, currency and, if asked for, country."""

import calendar

from diptych.orders.v1.order_query_service_pb2 import GRANULARITY_MONTH, GetSalesReportRequest
from diptych.orders.v1.views_pb2 import SalesReportRow

from read_service.dates import day_name, month_name, period_of
from read_service.encoding import fields
from read_service.freshness import Answer
from read_service.pages import Read
from read_service.refusals import invalid_field
from read_service.reports import Report, Reports, question_of
from read_service.tallies import ROWS_PER_READ, Columns, rest_of_rows
from read_store import TallyRows

# About 3 MB, which fits into one response.
_MAX_ROWS = 50_000


async def get_sales_report(reports: Reports, request: GetSalesReportRequest) -> bytes:
    """Raise ServiceError INVALID_REQUEST for a date that does not exist, or a report of too many rows."""
    return await reports.answer(question_of(request), request.consistency, lambda: _report(request))


def _report(request: GetSalesReportRequest) -> Report:
    operation = _operation(request)

    async def make(answer: Answer, read: Read) -> bytes:
        tally = await rest_of_rows(read, operation, answer.results[0])
        rows = sorted((row for each in tally for row in _rows(*each)), key=_order)
        if len(rows) > _MAX_ROWS:
            raise invalid_field("from", f"the report would have {len(rows)} rows, at most {_MAX_ROWS} fit")
        return fields(1, (row.SerializeToString() for row in rows))

    return Report(operations=(operation,), make=make, freshness_field=2)


def _operation(request: GetSalesReportRequest) -> TallyRows:
    is_monthly = request.granularity == GRANULARITY_MONTH
    tally = "sales_by_month" if is_monthly else "sales_by_day"
    first = _period(request, "from", is_monthly=is_monthly)
    last = _period(request, "to", is_monthly=is_monthly)
    if request.split_by_country:
        tally += "_and_country"
        # Rows are 2011-06-30/GB; 0 is the letter after the slash.
        last = f"{last}0" if last else None
    return TallyRows(tally=tally, first=first, last=last, limit=ROWS_PER_READ)


def _period(request: GetSalesReportRequest, name: str, *, is_monthly: bool) -> str | None:
    if not request.HasField(name):  # type: ignore[arg-type] # the stub lists names as literals
        return None
    date = getattr(request, name)
    if not 1 <= date.year <= 9999 or not 1 <= date.month <= 12:
        raise invalid_field(name, "must have a year from 1 to 9999 and a month from 1 to 12")
    if is_monthly:
        return month_name(date)
    if not 1 <= date.day <= calendar.monthrange(date.year, date.month)[1]:
        raise invalid_field(name, f"there is no day {date.day} in month {date.month} of {date.year}")
    return day_name(date)


def _rows(name: str, columns: Columns) -> list[SalesReportRow]:
    period, _, region_code = name.partition("/")
    by_currency: dict[str, dict[str, int]] = {}
    for column, amount in columns.items():
        kind, _, currency_code = column.partition("|")
        by_currency.setdefault(currency_code, {})[kind] = amount
    return [
        SalesReportRow(
            period=period_of(period),
            orders=amounts.get("orders", 0),
            units=amounts.get("units", 0),
            gross_cents=amounts.get("gross", 0),
            credit_cents=amounts.get("credit", 0),
            net_cents=amounts.get("gross", 0) - amounts.get("credit", 0),
            currency_code=currency_code,
            region_code=region_code,
            credit_notes=amounts.get("credit_notes", 0),
        )
        for currency_code, amounts in by_currency.items()
    ]


def _order(row: SalesReportRow) -> tuple[int, int, int, str, str]:
    return (row.period.year, row.period.month, row.period.day, row.currency_code, row.region_code)
