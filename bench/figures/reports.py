"""Figures over all orders and over all families, by 16 clients, beside an aggregate in SQL."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures.places import DASHBOARD, TIERS
from bench.figures.same_answers import check_reports
from bench.load import requests
from bench.measuring import Row, Section, Turn
from bench.peers import programs
from bench.stand import Stand

_REQUESTS = {"dashboards": (DASHBOARD, requests.DASHBOARD), "tiers": (TIERS, requests.TIERS)}


@contextmanager
def reporting(stand: Stand) -> Iterator[Section]:
    """GetOrderDashboard and GetFamiliesByRiskTier."""
    sizes = stand.sizes
    with programs.plain_grpc(stand.peers, stand.plain_url) as plain:
        turns = [_reported(stand, name, stand.stack.read_address, "") for name in _REQUESTS]
        if plain is not None:
            check_reports(stand, plain)
            turns += [_reported(stand, name, plain, "plain ") for name in _REQUESTS]
        yield Section(
            title="Reports",
            turns=turns,
            rows=(
                _row("dashboards", f"dashboard over {sizes.orders:,} orders, 16 clients"),
                _row("tiers", f"tier report over {sizes.families:,} families, 16 clients"),
            ),
        )


def _reported(stand: Stand, name: str, address: str, whose: str) -> Turn:
    path, request = _REQUESTS[name]
    clients = stand.sizes.page_clients
    return lambda: {whose + name: stand.calls(address, path, request, clients=clients).per_second}


def _row(value: str, name: str) -> Row:
    return Row(
        name=name,
        unit="reports/s",
        value=value,
        floor=f"plain {value}",
        floor_name="plain grpc.aio + psycopg, SQL aggregate",
        goal=30,
    )
