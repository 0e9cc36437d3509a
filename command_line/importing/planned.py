"""What is sent: commands with their kinds and ids, in groups and phases."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from diptych.command.v1.command_pb2 import CommandContext
from diptych.families.v1 import family_command_service_pb2 as families
from diptych.orders.v1 import order_command_service_pb2 as orders

from command_line.importing.kinds import Kind

# What the batch of either domain takes and answers.
Batched = orders.ExecuteBatchRequest | families.ExecuteBatchRequest
Answer = orders.ExecuteBatchResponse | families.ExecuteBatchResponse

_NAMESPACE = uuid.UUID("5a3e8a4e-6a0b-5d0f-9f4f-0d1c6f1f7d11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command with the entries of a file that are taken when it is accepted."""

    kind: Kind
    request: Batched
    command_id: str
    # What it is about, for instance the invoice or the family.
    subject: str
    # The line in the file of each entry that the command stands for.
    entries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Groups of commands, made when they are asked for; a group goes in order, groups go side by side.

    The size is the number of commands that `is_counted` holds for, called by the unit.
    """

    name: str
    size: int
    groups: Iterator[Sequence[Command]]
    unit: str = "commands"
    is_counted: Callable[[Command], bool] = lambda _command: True


def command_context(key: str, correlation_id: str) -> CommandContext:
    """A context whose command id is made from a readable key, so that it is the same in every run."""
    return CommandContext(command_id=str(uuid.uuid5(_NAMESPACE, key)), correlation_id=correlation_id)
