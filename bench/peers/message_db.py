"""Message DB: its functions in a database of ours, and the pgbench script that writes a message."""

from pathlib import Path

import psycopg
from psycopg import sql

_SCRIPT = Path(__file__).with_name("write_message.sql")
# The order of its own install scripts, without roles and privileges, which are for applications, and without
# pgcrypto: what it was needed for is part of Postgres since 13.
_PARTS = (
    "schema/message-store.sql",
    "tables/messages.sql",
    "types/message.sql",
    "functions/message-store-version.sql",
    "functions/hash-64.sql",
    "functions/acquire-lock.sql",
    "functions/category.sql",
    "functions/is-category.sql",
    "functions/id.sql",
    "functions/cardinal-id.sql",
    "functions/stream-version.sql",
    "functions/write-message.sql",
    "functions/get-stream-messages.sql",
    "functions/get-category-messages.sql",
    "functions/get-last-stream-message.sql",
    "indexes/messages-id.sql",
    "indexes/messages-stream.sql",
    "indexes/messages-category.sql",
)


def install(url: str, node_modules: Path) -> None:
    """Make its schema, table, functions and indexes in an empty database."""
    database = node_modules / "@eventide" / "message-db" / "database"
    with psycopg.connect(url, autocommit=True) as connection:
        for part in _PARTS:
            connection.execute((database / part).read_bytes())
        # Its functions call each other without naming their schema.
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET search_path = message_store, public").format(
                sql.Identifier(connection.info.dbname)
            )
        )


def write_message() -> Path:
    """The script that writes one message to one of many streams of a category."""
    return _SCRIPT
