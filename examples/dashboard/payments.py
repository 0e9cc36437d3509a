"""The panel of the payments: how each month's tuition was paid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diptych.families.v1.views_pb2 import PaymentMonth
from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from board import Board
from frame import Frame
from wording import money, month_name, share, text_of

# From here on there is room for what a narrow page leaves out.
_WIDE_COLUMNS = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    name: str
    cell: Callable[[PaymentMonth], Text]
    is_text: bool = False
    is_for_wide: bool = False
    is_flexible: bool = False


def payments_panel(board: Board, months: Sequence[PaymentMonth], frame: Frame) -> Panel:
    """A row for each month and currency, the newest first."""
    columns = [each for each in _COLUMNS if frame.width >= _WIDE_COLUMNS or not each.is_for_wide]
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        # The last column gives way before any amount does.
        table.add_column(
            column.name,
            justify="left" if column.is_text else "right",
            no_wrap=not column.is_flexible,
            ratio=1 if column.is_flexible else None,
        )
    for month in months:
        table.add_row(*(column.cell(month) for column in columns))
    why_empty = "no invoices" if board.has_months else "waiting for the months"
    return Panel(
        table if months else Text(why_empty, "dim", justify="center"),
        title=Text(_title(len(months), len(board.months)), "bold"),
        title_align="left",
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _title(shown: int, count: int) -> str:
    return "Tuition by month due" + (f": the newest {shown} of {count}" if shown < count else "")


def _count(number: int, style: str = "") -> Text:
    return Text(f"{number:,}", style if number else "dim")


def _amount(cents: int, style: str = "") -> Text:
    return Text(money(cents), style if cents else "dim")


def _days(number: float) -> Text:
    return Text(f"{number:.1f}", "" if number else "dim")


def _collected_share(month: PaymentMonth) -> Text:
    return Text(share(month.revenue_collected_cents, month.revenue_expected_cents), "green")


def _paid_by(month: PaymentMonth) -> Text:
    parts = (
        f"{each.payment_method} {share(each.collected_cents, month.revenue_collected_cents)}"
        for each in month.payment_method_breakdown
    )
    return text_of("  " + ", ".join(parts), "dim")


_COLUMNS = (
    _Column(name="Month", cell=lambda month: Text(month_name(month.month), "bold"), is_text=True),
    _Column(name="Active", cell=lambda month: _count(month.families_active), is_for_wide=True),
    _Column(name="On time", cell=lambda month: _count(month.families_paid_on_time, "green")),
    _Column(name="Late", cell=lambda month: _count(month.families_paid_late, "yellow")),
    _Column(name="Due", cell=lambda month: _count(month.families_due), is_for_wide=True),
    _Column(name="Overdue", cell=lambda month: _count(month.families_overdue, "bold red")),
    _Column(name="", cell=lambda month: text_of(month.currency_code, "dim"), is_text=True),
    _Column(name="Expected", cell=lambda month: _amount(month.revenue_expected_cents)),
    _Column(name="Collected", cell=lambda month: _amount(month.revenue_collected_cents, "green")),
    _Column(name="", cell=_collected_share),
    _Column(name="Outstanding", cell=lambda month: _amount(month.revenue_outstanding_cents, "red")),
    _Column(name="Days late", cell=lambda month: _days(month.avg_payment_days_late)),
    _Column(name="Median", cell=lambda month: _days(month.median_payment_days_late), is_for_wide=True),
    _Column(name="  Paid by", cell=_paid_by, is_text=True, is_for_wide=True, is_flexible=True),
)
