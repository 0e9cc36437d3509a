"""Writes the seed into plain tables, for the services that do without events."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from bench.seed import names
from bench.seed.families import risk_score, risk_tier
from bench.seed.orders import SeedOrder, price_cents, seed_orders
from bench.sizes import Sizes

_PEERS = Path(__file__).parent.parent / "peers"


def fill_tables(url: str, sizes: Sizes) -> None:
    """Tables, rows, indexes and statistics."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((_PEERS / "plain_tables.sql").read_bytes())
        for table, (columns, rows) in _contents(sizes).items():
            _copy(connection, table, columns.split(), rows)
        connection.execute((_PEERS / "plain_indexes.sql").read_bytes())


def _contents(sizes: Sizes) -> dict[str, tuple[str, Iterable[Sequence[object]]]]:
    """Columns and rows by table, referenced tables first."""
    orders = list(seed_orders(sizes.orders, customers=sizes.customers, products=sizes.products))
    return {
        "customers": ("id name email", _customers(sizes.customers)),
        "products": ("sku name unit_price_cents currency_code", _products(sizes.products)),
        "orders": (
            "id customer_id status total_cents currency_code region_code placed_at",
            map(_order, orders),
        ),
        "order_lines": ("order_id line sku quantity unit_price_cents", _lines(orders)),
        "families": ("id family_name risk_score risk_tier", _families(sizes.families)),
    }


def _customers(count: int) -> Iterable[Sequence[object]]:
    for number in range(count):
        customer_id = names.customer(number)
        yield customer_id, f"Customer {number}", f"{customer_id}@example.com"


def _products(count: int) -> Iterable[Sequence[object]]:
    for number in range(count):
        yield names.sku(number), f"Product {number}", price_cents(number), "EUR"


def _order(order: SeedOrder) -> Sequence[object]:
    return (
        *(names.order(order.number), names.customer(order.customer), order.status_number),
        *(order.total_cents, "EUR", order.region_code, order.placed_at),
    )


def _lines(orders: Iterable[SeedOrder]) -> Iterable[Sequence[object]]:
    for order in orders:
        for place, line in enumerate(order.lines):
            sku = names.sku(line.product)
            yield names.order(order.number), place, sku, line.quantity, line.unit_price_cents


def _families(count: int) -> Iterable[Sequence[object]]:
    for number in range(count):
        yield names.family(number), f"Family {number}", risk_score(number), int(risk_tier(number))


def _copy(
    connection: "psycopg.Connection[object]",
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
