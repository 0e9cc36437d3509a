"""The stores that the checker's own tests run against."""

from tests.postgres_server import log_database, postgres_server
from tests.valkey_server import own_valkey

__all__ = ["log_database", "own_valkey", "postgres_server"]
