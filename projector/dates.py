"""Instants and days as scores of indexes and as rows of tallies; an instant falls on its day in UTC."""

from datetime import date
from functools import lru_cache

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

_FIRST_DAY = date(1970, 1, 1).toordinal()
_DAY_SECONDS = 86_400


def microseconds(instant: Timestamp) -> int:
    """Answer the microseconds since 1970; below 2^53 until the year 2255."""
    return instant.seconds * 1_000_000 + instant.nanos // 1000


def day_of(instant: Timestamp) -> str:
    """Answer the day as 2011-06-30, which sorts by time."""
    return _text(instant.seconds // _DAY_SECONDS)


def date_of(instant: Timestamp) -> Date:
    """Answer the day as a message, to be copied and not to be changed: others are given the same one."""
    return _message(instant.seconds // _DAY_SECONDS)


def day_text(day: Date) -> str:
    """Answer 2011-06-30, which sorts by time."""
    return f"{day.year:04}-{day.month:02}-{day.day:02}"


def month_text(day: Date) -> str:
    """Answer 2011-06."""
    return f"{day.year:04}-{day.month:02}"


def days_since_1970(day: Date) -> int:
    """Answer the number of the day, negative before 1970; a part that is left out is the first one."""
    return date(day.year or 1, day.month or 1, day.day or 1).toordinal() - _FIRST_DAY


def is_before(day: Date, other: Date) -> bool:
    """Answer whether the day comes before the other; a day that is not set comes before all."""
    return (day.year, day.month, day.day) < (other.year, other.month, other.day)


# Events come in the order of time, so few days are asked for again and again.
@lru_cache(maxsize=4096)
def _date(days: int) -> date:
    return date.fromordinal(_FIRST_DAY + days)


@lru_cache(maxsize=4096)
def _text(days: int) -> str:
    return _date(days).isoformat()


@lru_cache(maxsize=4096)
def _message(days: int) -> Date:
    day = _date(days)
    return Date(year=day.year, month=day.month, day=day.day)
