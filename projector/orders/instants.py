"""Instants as scores of indexes, and the days and months they fall on in UTC."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types


def microseconds(instant: Timestamp) -> int:
    """Answer the microseconds since 1970; below 2^53 until the year 2255."""
    return instant.seconds * 1_000_000 + instant.nanos // 1000


def day_of(instant: Timestamp) -> str:
    """Answer the day as 2011-06-30, which sorts by time."""
    return f"{_utc(instant):%Y-%m-%d}"


def month_of(instant: Timestamp) -> str:
    """Answer the month as 2011-06."""
    return day_of(instant)[:7]


def date_of(instant: Timestamp) -> Date:
    """Answer the day as a message."""
    day = _utc(instant)
    return Date(year=day.year, month=day.month, day=day.day)


def _utc(instant: Timestamp) -> datetime:
    return datetime.fromtimestamp(instant.seconds, UTC)
