"""How much room events take on the disk, and entities in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import redis

from bench.figures.turns import rows_beside
from bench.measuring import Row, Section, Values
from bench.stand import Stand

_LOG = """
SELECT (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c
        WHERE c.relnamespace = 'event_log'::regnamespace AND c.relkind IN ('r', 'p'))::float8
     / (SELECT position FROM event_log.log_head)
"""
_TABLES = """
SELECT sum(pg_total_relation_size(c.oid))::float8 / sum(greatest(c.reltuples, 0))
FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
"""


@contextmanager
def taking_room(stand: Stand) -> Iterator[Section]:
    """The whole log by its events, plain tables by their rows, the whole read store by its entities."""
    sizes = stand.sizes
    entities = sizes.orders + sizes.families + sizes.customers + sizes.products

    def turn() -> Values:
        with psycopg.connect(stand.postgres.admin_url, autocommit=True) as log:
            event = _number(log, _LOG)
        with psycopg.connect(stand.plain_url, autocommit=True) as plain:
            plain.execute("ANALYZE")
            row = _number(plain, _TABLES)
        with redis.Redis.from_url(stand.valkey.admin_url) as client:
            entity = client.info("memory")["used_memory"] / entities
        return {"event": event, "row": row, "entity": entity / 1000}

    beside = rows_beside("an event in Postgres, with its ids, commands and indexes", "bytes", "event")
    yield Section(
        title="Room",
        turns=(turn,),
        rows=(
            beside("row", "a row of the plain tables with their indexes"),
            Row(name="an entity in Valkey, document and indexes and all", unit="kB", value="entity"),
        ),
    )


def _number(connection: "psycopg.Connection[tuple[float]]", query: str) -> float:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]
