"""Values of the well-known types for fuzzed requests, good and bad."""

import random
from collections.abc import Callable
from typing import Any

# Days that are none, or the wrong kind of one for most fields.
_NO_DATES = (
    {"year": 2011, "month": 2, "day": 29},
    {"year": 2100, "month": 2, "day": 29},
    {"year": 2012, "month": 4, "day": 31},
    {"year": 2012, "month": 4, "day": 0},
    {"year": 2012, "month": 4, "day": 1},
    {"year": 2012, "month": 0, "day": 0},
    {"year": 1899, "month": 12, "day": 31},
    {"year": 2200, "month": 1, "day": 1},
)
_EDGES_OF_THE_CALENDAR = ((1900, 1, 1), (2000, 2, 29), (2012, 2, 29), (2012, 12, 31), (2199, 12, 31))


def _timestamp(chance: random.Random, is_hostile: bool, _rules: frozenset[str]) -> dict[str, int]:
    if is_hostile:
        seconds = chance.choice((-(2**63), -62135596801, -1, 253402300800, 2**63 - 1))
        return {"seconds": seconds, "nanos": chance.choice((-1, 0, 1_000_000_000, 2**31 - 1))}
    return {"seconds": chance.randrange(2_000_000_000), "nanos": chance.randrange(1_000_000_000)}


def _duration(chance: random.Random, is_hostile: bool, _rules: frozenset[str]) -> dict[str, int]:
    if is_hostile:
        return {"seconds": chance.choice((-(2**63), -1, 315_576_000_001, 2**63 - 1)), "nanos": -1}
    # Short, so that a query does not spend the test's time in a wait.
    return {"nanos": chance.randrange(200_000_000)}


def _date(chance: random.Random, is_hostile: bool, rules: frozenset[str]) -> dict[str, int]:
    if is_hostile:
        return chance.choice(_NO_DATES) if chance.random() < 0.5 else _noise(chance)
    year, month, day = chance.randint(2009, 2012), chance.randint(1, 12), chance.randint(0, 28)
    if "date.month" in rules:
        day = 0
    elif "date.civil" in rules:
        is_edge = chance.random() < 0.2
        year, month, day = chance.choice(_EDGES_OF_THE_CALENDAR) if is_edge else (year, month, max(1, day))
    return {"year": year, "month": month, "day": day}


def _noise(chance: random.Random) -> dict[str, int]:
    edges = (-(2**31), -1, 0, 13, 31, 32, 10_000, 2**31 - 1)
    return {part: chance.choice(edges) for part in ("year", "month", "day")}


def _postal_address(chance: random.Random, is_hostile: bool, _rules: frozenset[str]) -> dict[str, Any]:
    region = chance.choice(("xx", "GBRT", "\0", "g")) if is_hostile else chance.choice(("", "GB", "FR"))
    return {"region_code": region, "address_lines": ["1 High Street"] * (500 if is_hostile else 2)}


# By the type; made with chance, whether to be hostile, and the ids of the rules that the field has.
WELL_KNOWN: dict[str, Callable[[random.Random, bool, frozenset[str]], dict[str, Any]]] = {
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Duration": _duration,
    "google.type.Date": _date,
    "google.type.PostalAddress": _postal_address,
}
