"""The page: what the board knows, on one screen of at least 100 columns and 30 lines."""

from collections.abc import Collection, Sequence

from diptych.families.v1.views_pb2 import RiskTierSummary
from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from at_risk import at_risk_panel
from board import Board, Connection
from frame import Frame
from payments import payments_panel
from wording import TIER_STYLES, ago, lag_of, text_of, tier_name

_MONTHS_SHOWN = 6
_HEADLINE_LINES, _TIER_LINES = 2, 4
# The borders of a panel and the names of its table's columns.
_TABLE_FRAME_LINES = 3
_PROMPT_LINES = 1
_BACK_IS_NEWS_SECONDS = 10.0


def page(board: Board, frame: Frame) -> RenderableType:
    """Everything, top to bottom; the list of families takes the lines that the others leave."""
    months = board.months[:_MONTHS_SHOWN]
    others = _HEADLINE_LINES + _TIER_LINES + 2 * _TABLE_FRAME_LINES + max(1, len(months)) + _PROMPT_LINES
    return Group(
        _headline(board, frame),
        _tiers(board.tiers),
        at_risk_panel(board, frame, rows=max(1, frame.height - others)),
        payments_panel(board, months, frame),
    )


def _headline(board: Board, frame: Frame) -> Table:
    """Whether the page can be believed, and what happened last."""
    lines = Table.grid(expand=True, padding=(0, 1))
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True, justify="right", ratio=1, overflow="ellipsis")
    lines.add_row(_state(board.connections.values(), board, frame), _freshness(board, frame))
    lines.add_row(Text(" Families of the co-op", "bold"), _last_change(board, frame))
    return lines


def _state(connections: Collection[Connection], board: Board, frame: Frame) -> Text:
    lost = [(each.lost_at, each.reason) for each in connections if each.lost_at is not None]
    if lost:
        since, reason = min(lost)
        return Text(f" ○ connection lost {ago(frame.now - since)}, {reason}: trying again ", "white on red")
    if board.freshness is None:
        return Text(" ○ connecting ", "black on yellow")
    if board.freshness.stale:
        return Text(" ● stale ", "white on red")
    back = [each.back_at for each in connections if each.back_at is not None]
    if back and frame.now - max(back) < _BACK_IS_NEWS_SECONDS:
        return Text(f" ● live, connected again {ago(frame.now - max(back))} ", "black on green")
    return Text(" ● live ", "black on green")


def _freshness(board: Board, frame: Frame) -> Text:
    fresh = board.freshness
    if fresh is None:
        return Text()
    words = (
        f"position {fresh.position:,}   lag {lag_of(fresh.lag)}   heard {ago(frame.now - board.heard_at)} "
    )
    return Text(words, "red" if fresh.stale else "")


def _last_change(board: Board, frame: Frame) -> Text:
    if board.last_change is None:
        return Text("no change yet ", "dim")
    return text_of(f"last change {ago(frame.now - board.last_change.at)}: {board.last_change.words} ", "dim")


def _tiers(tiers: Sequence[RiskTierSummary]) -> Table:
    """A card for each tier, side by side."""
    cards = Table.grid(expand=True)
    for _ in tiers:
        cards.add_column(ratio=1)
    cards.add_row(*(_card(tier) for tier in tiers))
    return cards if tiers else _no_tiers()


def _card(tier: RiskTierSummary) -> Panel:
    style = TIER_STYLES.get(tier.risk_tier, "")
    count = f"{tier.families:,} {'family' if tier.families == 1 else 'families'}"
    scores = f"risk {tier.average_risk:.0f}  engaged {tier.average_engagement:.0f}"
    return Panel(
        Group(Text(count, "bold"), Text(scores if tier.families else "", "dim", no_wrap=True)),
        title=Text(tier_name(tier.risk_tier), style),
        title_align="left",
        border_style=style,
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _no_tiers() -> Table:
    waiting = Table.grid(expand=True)
    waiting.add_row(Panel(Text("waiting for the tiers\n", "dim", justify="center"), box=box.ROUNDED))
    return waiting
