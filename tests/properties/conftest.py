"""What the properties are tried on: the read models' store. A whole stack is made where it is needed."""

from tests.valkey_server import valkey

__all__ = ["valkey"]
