"""The stores that these tests run against."""

from tests.postgres_server import event_log, event_store, log_database, other_store, postgres_server
from tests.stores.own_postgres import own_log, own_server
from tests.valkey_server import own_valkey, valkey

__all__ = [
    "event_log",
    "event_store",
    "log_database",
    "other_store",
    "own_log",
    "own_server",
    "own_valkey",
    "postgres_server",
    "valkey",
]
