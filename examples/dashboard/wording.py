"""How single things are written: amounts, times, tiers; texts of others never as markup."""

from datetime import date, timedelta

from diptych.families.v1 import scores_pb2 as scores
from google.protobuf.duration_pb2 import Duration
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types
from rich.text import Text

TIER_STYLES = {
    scores.RISK_TIER_CRITICAL: "bold red",
    scores.RISK_TIER_HIGH: "dark_orange",
    scores.RISK_TIER_MEDIUM: "yellow",
    scores.RISK_TIER_LOW: "green",
}
_BAR_WIDTH = 5
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def text_of(words: str, style: str = "") -> Text:
    """A text that somebody else wrote: on one line, and nothing in it moves the terminal's cursor."""
    seen = "".join(each if each.isprintable() else "·" for each in words)
    return Text(seen, style, no_wrap=True, overflow="ellipsis")


def tier_name(tier: scores.RiskTier.ValueType) -> str:
    """LOW for RISK_TIER_LOW."""
    return scores.RiskTier.Name(tier).removeprefix("RISK_TIER_").capitalize()


def money(cents: int) -> str:
    """1,234.50 for 123450."""
    sign, units = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}{units // 100:,}.{units % 100:02}"


def share(part: int, whole: int) -> str:
    """A percentage that says 100 only when nothing is missing."""
    return f"{part * 100 // whole}%" if whole else ""


def month_name(month: Date) -> str:
    """2026-09."""
    return f"{month.year:04}-{month.month:02}"


def day_of(day: Date) -> date:
    """The day as Python has it."""
    return date(day.year, day.month, day.day)


def ago(seconds: float) -> str:
    """How long something is past, in the largest unit that fits."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s ago"
    return f"{whole // 60} min ago" if whole < 3600 else f"{whole // 3600} h ago"


def days_ago(day: date, today: date) -> str:
    """A day of the past in words; a day to come is no surprise either."""
    return "yesterday" if today - day == timedelta(days=1) else days_until(day, today)


def days_until(day: date, today: date) -> str:
    """A day to come in words, or how long it is past."""
    days = (day - today) // timedelta(days=1)
    return {0: "today", 1: "tomorrow"}.get(days, f"in {days:,} d" if days > 0 else f"{-days:,} d ago")


def lag_of(lag: Duration) -> str:
    """Seconds with one decimal."""
    return f"{lag.ToTimedelta() / timedelta(seconds=1):.1f} s"


def bar(score: int) -> str:
    """A score from 0 to 100 as a bar, in eighths of a cell."""
    eighths = score * _BAR_WIDTH * 8 // 100
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).ljust(_BAR_WIDTH)[:_BAR_WIDTH]
