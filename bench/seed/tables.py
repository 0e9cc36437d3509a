"""Writes the seed into plain tables, for the services that do without events."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from bench.seed import names
from bench.seed.families import risk_score, risk_tier
from bench.seed.orders import price_cents, seed_orders
from bench.sizes import Sizes

_PEERS = Path(__file__).parent.parent / "peers"


def fill_tables(url: str, sizes: Sizes) -> None:
    """Tables, rows, indexes and statistics."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((_PEERS / "plain_tables.sql").read_bytes())
        _copy(connection, "customers", ("id", "name", "email"), _customers(sizes.customers))
        _copy(
            connection,
            "products",
            ("sku", "name", "unit_price_cents", "currency_code"),
            (
                (names.sku(each), f"Product {each}", price_cents(each), "EUR")
                for each in range(sizes.products)
            ),
        )
        orders = list(seed_orders(sizes.orders, customers=sizes.customers, products=sizes.products))
        _copy(
            connection,
            "orders",
            ("id", "customer_id", "status", "total_cents", "currency_code", "region_code", "placed_at"),
            (
                (
                    *(names.order(each.number), names.customer(each.customer), each.status_number),
                    *(each.total_cents, "EUR", each.region_code, each.placed_at),
                )
                for each in orders
            ),
        )
        _copy(
            connection,
            "order_lines",
            ("order_id", "line", "sku", "quantity", "unit_price_cents"),
            (
                (
                    names.order(order.number),
                    place,
                    names.sku(each.product),
                    each.quantity,
                    each.unit_price_cents,
                )
                for order in orders
                for place, each in enumerate(order.lines)
            ),
        )
        _copy(
            connection,
            "families",
            ("id", "family_name", "risk_score", "risk_tier"),
            (
                (names.family(each), f"Family {each}", risk_score(each), int(risk_tier(each)))
                for each in range(sizes.families)
            ),
        )
        connection.execute((_PEERS / "plain_indexes.sql").read_bytes())


def _customers(count: int) -> Iterable[Sequence[object]]:
    for number in range(count):
        customer_id = names.customer(number)
        yield customer_id, f"Customer {number}", f"{customer_id}@example.com"


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
