"""The schema is made from nothing, once, and brought up to date as often as anyone asks."""

import asyncio

import psycopg
from psycopg import sql

from event_store import migrate
from local_stack.postgres import PostgresServer
from tests.postgres_server import LogDatabase


def _objects(url: str) -> list[tuple[str, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT 'relation', c.relname, c.relkind::text FROM pg_class c"
            " WHERE relnamespace = 'event_log'::regnamespace"
            " UNION ALL SELECT 'function', p.oid::regprocedure::text, p.prosecdef::text FROM pg_proc p"
            " WHERE pronamespace = 'event_log'::regnamespace ORDER BY 1, 2"
        ).fetchall()


async def test_migrations_from_nothing_and_again_give_the_same_schema(
    postgres_server: PostgresServer, log_database: LogDatabase
) -> None:
    name = f"{log_database.name}_from_nothing"
    with psycopg.connect(log_database.admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    url = log_database.admin_url.replace(f"/{log_database.name}?", f"/{name}?")
    # Several services may start at once, each migrating first.
    await asyncio.gather(*(migrate(url) for _ in range(3)))
    assert _objects(url) == _objects(log_database.admin_url)
    await migrate(url)
    assert _objects(url) == _objects(log_database.admin_url)


async def test_a_migration_leaves_the_log_as_it_is(log_database: LogDatabase) -> None:
    with psycopg.connect(log_database.admin_url) as connection:
        before = connection.execute("SELECT epoch, position FROM event_log.log_head").fetchall()
    await migrate(log_database.admin_url)
    with psycopg.connect(log_database.admin_url) as connection:
        assert connection.execute("SELECT epoch, position FROM event_log.log_head").fetchall() == before
