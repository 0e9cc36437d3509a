"""Ages at the edges of years, and means and medians from how often each number is there."""

import random
import statistics
from collections import Counter
from datetime import date

import pytest

from read_service.families.days import age_on
from read_service.families.payments import mean_of, median_of
from tests import family_events as say


@pytest.mark.parametrize(
    ("born", "on_date", "age"),
    [
        ("2016-02-29", "2023-02-28", 6),
        ("2016-02-29", "2023-03-01", 7),
        ("2016-02-29", "2024-02-28", 7),
        ("2016-02-29", "2024-02-29", 8),
        ("2015-12-31", "2024-12-30", 8),
        ("2015-12-31", "2024-12-31", 9),
        ("2015-03-01", "2024-02-29", 8),
        ("2024-05-01", "2024-05-01", 0),
        ("2024-05-02", "2024-05-01", 0),
        ("2024-05-02", "2020-05-01", 0),
        ("1900-01-01", "2199-12-31", 299),
    ],
)
def test_ages_are_whole_years(born: str, on_date: str, age: int) -> None:
    assert age_on(date.fromisoformat(on_date), say.day(born)) == age


def test_the_mean_and_the_median_are_exact_for_even_and_odd_numbers() -> None:
    dice = random.Random(13)  # noqa: S311 - a test's dice
    assert (mean_of({}), median_of({})) == (0.0, 0.0)
    for count in range(1, 200):
        numbers = [dice.choice((0, 0, 1, 2, 30, 365)) for _ in range(count)]
        assert median_of(Counter(numbers)) == statistics.median(numbers)
        assert mean_of(Counter(numbers)) == sum(numbers) / len(numbers)
