"""Days and months: as requests and views have them, and as rows of tallies are named."""

from datetime import UTC, date, datetime

from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types


def today_utc() -> date:
    """Answer the day that it is now in UTC."""
    return datetime.now(UTC).date()


def day_of(message: Date) -> date:
    """Answer a whole date as a day of the calendar."""
    return date(message.year, message.month, message.day)


def day_name(message: Date) -> str:
    """Name a day as rows and columns of tallies do: 2011-06-30. Names sort as days do."""
    return f"{message.year:04}-{message.month:02}-{message.day:02}"


def month_name(message: Date) -> str:
    """Name a month as rows of tallies do: 2011-06."""
    return f"{message.year:04}-{message.month:02}"


def period_of(name: str) -> Date:
    """Answer the day or month of that name; a month's day is 0."""
    year, month, day = (*map(int, name.split("-")), 0)[:3]
    return Date(year=year, month=month, day=day)
