"""What the properties are tried on: the read models' store alone, and a whole stack."""

from tests.stack import stack
from tests.valkey_server import valkey

__all__ = ["stack", "valkey"]
