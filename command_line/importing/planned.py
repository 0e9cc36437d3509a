"""What the importer sends: a command with its kind, its id and the lines of the file it stands for."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from diptych.command.v1.command_pb2 import CommandContext
from diptych.orders.v1 import order_command_service_pb2 as commands

_NAMESPACE = uuid.UUID("5a3e8a4e-6a0b-5d0f-9f4f-0d1c6f1f7d11")


class Kind(StrEnum):
    """What a command does, as the final table calls it."""

    CUSTOMER = "customers registered"
    PRODUCT = "products registered"
    STOCK = "deliveries of stock"
    PLACE = "orders placed"
    APPROVE = "orders approved"
    SHIP = "orders shipped"
    DELIVER = "orders delivered"
    CANCEL = "orders cancelled"
    WRITE_OFF = "stock write-offs"
    CREDIT_NOTE = "credit notes issued"
    SUSPEND = "customers suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command with the lines of the file that are taken when it is accepted."""

    kind: Kind
    request: commands.ExecuteBatchRequest
    command_id: str
    # The invoice, or the customer's or product's id where there is none.
    subject: str
    lines: tuple[int, ...] = ()


def command_context(key: str, correlation_id: str) -> CommandContext:
    """A context whose command id is made from a readable key, so that it is the same in every run."""
    return CommandContext(command_id=str(uuid.uuid5(_NAMESPACE, key)), correlation_id=correlation_id)
