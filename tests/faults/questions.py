"""Random questions about many things at once: reports, dashboards, analytics, a search."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diptych.families.v1 import family_query_service_pb2 as families
from diptych.orders.v1 import order_query_service_pb2 as orders
from google.type.date_pb2 import Date  # type: ignore[import-untyped] # ships no types

from tests.faults.traffic import Scene

_TERMS = ("mart", "a", "o'ha", "ÅNGSTRÖM", "lucia", "jose", "nobody at all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request that one message answers."""

    service: str
    rpc: str
    request: Any


def random_question(scene: Scene, chance: random.Random) -> Question:
    """One of all kinds."""
    return chance.choice(_QUESTIONS)(scene, chance)


def _dashboard(scene: Scene, chance: random.Random) -> Question:
    request = orders.GetOrderDashboardRequest(page_size=chance.choice((0, 5)))
    if chance.random() < 0.4:
        request.customer_id = chance.choice(scene.customers)
    if chance.random() < 0.3:
        request.is_high_value = chance.random() < 0.5
    return Question(service="orders", rpc="GetOrderDashboard", request=request)


def _sales(_scene: Scene, chance: random.Random) -> Question:
    request = orders.GetSalesReportRequest(
        granularity=chance.choice(orders.Granularity.values()[1:]), split_by_country=chance.random() < 0.5
    )
    return Question(service="orders", rpc="GetSalesReport", request=request)


def _tiers(_scene: Scene, _chance: random.Random) -> Question:
    request = families.GetFamiliesByRiskTierRequest()
    return Question(service="families", rpc="GetFamiliesByRiskTier", request=request)


def _enrollment(_scene: Scene, chance: random.Random) -> Question:
    request = families.GetEnrollmentReportRequest()
    if chance.random() < 0.5:
        getattr(request, "from").CopyFrom(Date(year=2026, month=chance.randint(1, 6)))
    return Question(service="families", rpc="GetEnrollmentReport", request=request)


def _payments(_scene: Scene, chance: random.Random) -> Question:
    request = families.GetPaymentAnalyticsRequest(
        on_date=Date(year=2026, month=chance.randint(1, 12), day=chance.randint(1, 28))
    )
    if chance.random() < 0.5:
        request.start_month.CopyFrom(Date(year=2026, month=chance.randint(1, 6)))
    return Question(service="families", rpc="GetPaymentAnalytics", request=request)


def _search(_scene: Scene, chance: random.Random) -> Question:
    request = families.SearchFamiliesRequest(term=chance.choice(_TERMS), limit=chance.choice((2, 50)))
    return Question(service="families", rpc="SearchFamilies", request=request)


_QUESTIONS: Sequence[Callable[[Scene, random.Random], Question]] = (
    _dashboard,
    _sales,
    _tiers,
    _enrollment,
    _payments,
    _search,
)
