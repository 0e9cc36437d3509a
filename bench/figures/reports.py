"""Figures over all orders and over all families, by 16 clients, beside an aggregate in SQL."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures.places import DASHBOARD, TIERS
from bench.figures.same_answers import check_reports
from bench.figures.turns import called, rows_beside
from bench.load import requests
from bench.measuring import Section, Turn
from bench.peers import programs
from bench.stand import Stand

_REQUESTS = {"dashboards": (DASHBOARD, requests.DASHBOARD), "tiers": (TIERS, requests.TIERS)}


@contextmanager
def reporting(stand: Stand) -> Iterator[Section]:
    """GetOrderDashboard and GetFamiliesByRiskTier."""
    names = {
        "dashboards": f"dashboard over {stand.sizes.orders:,} orders, 16 clients",
        "tiers": f"tier report over {stand.sizes.families:,} families, 16 clients",
    }
    aggregate = "plain grpc.aio + psycopg, SQL aggregate"
    with programs.plain_grpc(stand.peers, stand.plain_url) as plain:
        if plain is not None:
            check_reports(stand, plain)
        yield Section(
            title="Reports",
            turns=(*_reported(stand, "", stand.stack.read_address), *_reported(stand, "plain ", plain)),
            rows=[
                rows_beside(name, "reports/s", value)(f"plain {value}", aggregate, 30)
                for value, name in names.items()
            ],
        )


def _reported(stand: Stand, whose: str, address: str | None) -> Iterator[Turn]:
    for name, (path, request) in _REQUESTS.items():
        yield from called(stand, whose + name, (address, path), request, clients=stand.sizes.page_clients)
