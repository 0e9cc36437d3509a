"""What the properties are tried on: the read models' store."""

from tests.valkey_server import valkey

__all__ = ["valkey"]
