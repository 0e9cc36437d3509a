"""The tallies that sales reports are read from; orders and credit notes both add to them."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from google.protobuf.timestamp_pb2 import Timestamp

from projector.dates import day_of
from projector.projection import Tally

# CLDR's code for an unknown country.
UNKNOWN_REGION = "ZZ"
# So many rows have each amount.
_ROWS = 4


def sales_tallies(
    at: Timestamp, region_code: str, currency_code: str, amounts: Mapping[str, int]
) -> Iterable[Tally]:
    """Answer each amount by day and by month, with and without the country.

    Rows are 2011-06-30, 2011-06, 2011-06-30/GB and 2011-06/GB; columns are <amount>|<currency>.
    """
    keys = _keys(day_of(at), region_code or UNKNOWN_REGION, currency_code, tuple(amounts))
    return zip(keys, [amount for amount in amounts.values() for _ in range(_ROWS)], strict=True)


@lru_cache(maxsize=16_384)
def _keys(
    day: str, region: str, currency_code: str, names: tuple[str, ...]
) -> tuple[tuple[str, str, str], ...]:
    month = day[:7]
    rows = (
        ("sales_by_day", day),
        ("sales_by_month", month),
        ("sales_by_day_and_country", f"{day}/{region}"),
        ("sales_by_month_and_country", f"{month}/{region}"),
    )
    return tuple((*row, f"{name}|{currency_code}") for name in names for row in rows)
