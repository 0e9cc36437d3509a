"""Days of the calendar: every valid Date is a day, and today is today in UTC."""

from datetime import date

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from write_service.dates import day_of, today, written


def test_a_day_is_written_as_it_is_read() -> None:
    leap_day = date(2024, 2, 29)
    assert written(leap_day) == Date(year=2024, month=2, day=29)
    assert day_of(written(leap_day)) == leap_day


def test_what_is_left_out_of_a_date_is_the_first() -> None:
    assert day_of(Date(year=2024, month=5)) == date(2024, 5, 1)
    assert day_of(Date(year=2024)) == date(2024, 1, 1)
    assert day_of(Date()) == date.min


def test_today_is_a_day_in_utc() -> None:
    assert today(Timestamp(seconds=1_700_006_399, nanos=999_999_999)) == date(2023, 11, 14)
    assert today(Timestamp(seconds=1_700_006_400)) == date(2023, 11, 15)
