"""The tallies that sales reports are read from; orders and credit notes both add to them."""

from collections.abc import Iterable, Mapping

from google.protobuf.timestamp_pb2 import Timestamp

from projector.dates import day_of, month_of
from projector.projection import Tally

# CLDR's code for an unknown country.
UNKNOWN_REGION = "ZZ"


def sales_tallies(
    at: Timestamp, region_code: str, currency_code: str, amounts: Mapping[str, int]
) -> Iterable[Tally]:
    """Yield each amount by day and by month, with and without the country.

    Rows are 2011-06-30, 2011-06, 2011-06-30/GB and 2011-06/GB; columns are <amount>|<currency>.
    """
    day, month, region = day_of(at), month_of(at), region_code or UNKNOWN_REGION
    for name, amount in amounts.items():
        column = f"{name}|{currency_code}"
        yield ("sales_by_day", day, column), amount
        yield ("sales_by_month", month, column), amount
        yield ("sales_by_day_and_country", f"{day}/{region}", column), amount
        yield ("sales_by_month_and_country", f"{month}/{region}", column), amount
