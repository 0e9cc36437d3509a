"""Figures over all orders and over all families, by 16 clients, beside an aggregate in SQL."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager

from bench.figures.places import DASHBOARD, RECEIVE_STOCK, TIERS
from bench.figures.same_answers import check_reports
from bench.figures.turns import called, rows_beside
from bench.load import requests
from bench.load.workers import LoadWorkers
from bench.measuring import Row, Section, Turn, Values
from bench.peers import programs
from bench.stand import Stand

_WRITES_PER_SECOND = 50
# Of commands that no other load process sends.
_FIRST_NUMBER = 10**12
_REQUESTS = {"dashboards": (DASHBOARD, requests.DASHBOARD), "tiers": (TIERS, requests.TIERS)}


@contextmanager
def reporting(stand: Stand) -> Iterator[Section]:
    """GetOrderDashboard and GetFamiliesByRiskTier."""
    names = {
        "dashboards": f"dashboard over {stand.sizes.orders:,} orders, 16 clients",
        "tiers": f"tier report over {stand.sizes.families:,} families, 16 clients",
    }
    aggregate = "plain grpc.aio + psycopg, SQL aggregate"
    with ExitStack() as running:
        start = running.enter_context
        plain = start(programs.plain_grpc(stand.peers, stand.plain_url))
        if plain is not None:
            check_reports(stand, plain)
        writer, others = start(closing(LoadWorkers(1))), start(ThreadPoolExecutor(1))
        ours = list(_reported(stand, "", stand.stack.read_address))
        moving = _reported(stand, "moving ", stand.stack.read_address)
        turns = [
            *ours,
            *(_while_written(stand, writer, others, turn) for turn in moving),
            *_reported(stand, "plain ", plain),
        ]
        yield Section(title="Reports", turns=turns, rows=_rows(names, aggregate))


def _rows(names: dict[str, str], aggregate: str) -> list[Row]:
    meanwhile = f"{_WRITES_PER_SECOND} commands/s meanwhile"
    return [
        row
        for value, name in names.items()
        for row in (
            rows_beside(name, "reports/s", value)(f"plain {value}", aggregate, 30),
            rows_beside(f"{name}, {meanwhile}", "reports/s", f"moving {value}")(
                f"plain {value}", f"{aggregate}, nothing meanwhile", 30
            ),
        )
    ]


def _while_written(stand: Stand, writer: LoadWorkers, others: Executor, turn: Turn) -> Turn:
    deliveries = requests.Deliveries(products=stand.sizes.products)
    job = stand.job(
        stand.stack.write_address,
        RECEIVE_STOCK,
        deliveries,
        per_second=_WRITES_PER_SECOND,
        first_number=_FIRST_NUMBER,
    )

    def taken() -> Values:
        writing = others.submit(writer.run, job)
        values = turn()
        writing.result()
        return values

    return taken


def _reported(stand: Stand, whose: str, address: str | None) -> Iterator[Turn]:
    for name, (path, request) in _REQUESTS.items():
        yield from called(stand, whose + name, (address, path), request, clients=stand.sizes.page_clients)
