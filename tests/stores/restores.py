"""A log put back to an earlier position, as a restore from a backup leaves it."""

import psycopg

from event_store.statements import statement
from tests.postgres_server import LogDatabase


def put_back(database: LogDatabase, position: int, *, with_new_epoch: bool = False) -> None:
    """Takes away all that came after a position: events, answers to commands, snapshots.

    With a new epoch nobody sees the log in between, as after a restore by the book.
    """
    with psycopg.connect(database.admin_url) as connection:
        for table in ("events", "commands"):
            connection.execute(f"ALTER TABLE event_log.{table} DISABLE TRIGGER USER")
            connection.execute(
                f"DELETE FROM event_log.{table} WHERE position > %s",  # noqa: S608
                (position,),
            )
        connection.execute("DELETE FROM event_log.snapshots")
        connection.execute("UPDATE event_log.log_head SET position = %s", (position,))
        if with_new_epoch:
            connection.execute(statement("begin_epoch"))


def trust_every_history(database: LogDatabase) -> None:
    """The guard is off: the database says of every log that it is the one known."""
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION event_log.holds(positions bigint[], event_ids uuid[]) "
            "RETURNS boolean LANGUAGE sql AS 'SELECT true'"
        )
