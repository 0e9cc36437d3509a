"""Days of the calendar: what clients write as google.type.Date, as days that can be compared."""

from datetime import UTC, date, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types


def day_of(message: Date) -> date:
    """The day; a part that is left out is the first one, so that every valid Date is a day."""
    return date(message.year or 1, message.month or 1, message.day or 1)


def written(day: date) -> Date:
    """The day as a message."""
    return Date(year=day.year, month=day.month, day=day.day)


def today(now: Timestamp) -> date:
    """The day in UTC."""
    return datetime.fromtimestamp(now.seconds, UTC).date()
