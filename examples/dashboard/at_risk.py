"""The panel of the families at risk: whom to talk to first."""

from diptych.families.v1.views_pb2 import AtRiskFamily
from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from board import Board
from frame import Frame
from wording import TIER_STYLES, bar, day_of, days_ago, days_until, text_of, tier_name

_HIGHEST_PRIORITY = 5
_CHANGE_IS_NEWS_SECONDS = 5.0


def at_risk_panel(board: Board, frame: Frame, *, rows: int) -> Panel:
    """The first rows of the list, in the order of the service: priority, then score."""
    ordered = sorted(board.families.values(), key=_order)
    table = _table()
    for family in ordered[:rows]:
        is_news = frame.now - board.changed_at.get(family.family_id, -1e9) < _CHANGE_IS_NEWS_SECONDS
        table.add_row(*_cells(family, frame), style="on grey23" if is_news else "")
    return Panel(
        table if ordered else Text(_why_empty(board), "dim", justify="center"),
        title=Text(_title(board, min(rows, len(ordered))), "bold"),
        title_align="left",
        height=rows + 3 if frame.is_live else None,
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _order(family: AtRiskFamily) -> tuple[int, int, str, str]:
    return (-family.intervention_priority, -family.risk_score, family.family_name, family.family_id)


def _title(board: Board, shown: int) -> str:
    count = len(board.families)
    of_all = f"{count:,}" if shown == count else f"the first {shown} of {count:,}"
    return f"At risk: {of_all}, score {board.min_risk_score} and over"


def _why_empty(board: Board) -> str:
    return "nobody is at risk" if board.has_all_families else "waiting for the list"


def _table() -> Table:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("Family", ratio=5, no_wrap=True, overflow="ellipsis")
    table.add_column("Tier", width=8, no_wrap=True)
    table.add_column("Risk", width=9, no_wrap=True)
    table.add_column("Prio", width=5, no_wrap=True)
    table.add_column("What would help", ratio=5, no_wrap=True, overflow="ellipsis")
    table.add_column("May leave", width=9, no_wrap=True, overflow="ellipsis")
    table.add_column("Contact", width=9, no_wrap=True, overflow="ellipsis")
    table.add_column("Coordinator", ratio=3, min_width=11, no_wrap=True, overflow="ellipsis")
    return table


def _cells(family: AtRiskFamily, frame: Frame) -> tuple[Text, ...]:
    """The columns. Days are counted here, so that they are right after midnight too."""
    style = TIER_STYLES.get(family.risk_tier, "")
    priority = min(family.intervention_priority, _HIGHEST_PRIORITY)
    return (
        text_of(family.family_name, "bold"),
        Text(tier_name(family.risk_tier), style),
        Text(f"{family.risk_score:>3} {bar(family.risk_score)}", style),
        Text("●" * priority + "○" * (_HIGHEST_PRIORITY - priority) if priority else "", "cyan"),
        text_of(family.recommended_intervention),
        Text(_leaving(family, frame)),
        Text(_contact(family, frame), "dim"),
        text_of(family.assigned_coordinator),
    )


def _leaving(family: AtRiskFamily, frame: Frame) -> str:
    if not family.HasField("predicted_withdrawal_date"):
        return ""
    return days_until(day_of(family.predicted_withdrawal_date), frame.today)


def _contact(family: AtRiskFamily, frame: Frame) -> str:
    if not family.HasField("last_contact_date"):
        return "never"
    return days_ago(day_of(family.last_contact_date), frame.today)
