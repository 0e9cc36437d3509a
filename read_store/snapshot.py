"""One read of a projection: what operations find, and the checkpoint of that very moment."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from json.encoder import encode_basestring
from typing import Any

from read_store.checkpoint import Checkpoint, parse_checkpoint
from read_store.connection import Connection
from read_store.errors import ReadModelDamaged
from read_store.operations import Document, Operation

# Made once: json.dumps would make one for each request.
encoded = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


# Not frozen, as a checkpoint is not.
@dataclass(slots=True, kw_only=True)
class Snapshot:
    """Results in the order of their operations, and the checkpoint at which all of them were read."""

    checkpoint: Checkpoint
    results: tuple[Any, ...]


async def take_snapshot(
    connection: Connection,
    function: str,
    root: str,
    operations: Sequence[Operation[Any]],
    *,
    begun_with: int = 0,
) -> Snapshot:
    """Answers all operations from one moment of one generation. Raises ReadModelDamaged.

    That is the one which the caller has begun with, while it is kept, else the live one.
    """
    reply = await connection.send("FCALL_RO", function, 1, root, as_json(operations), begun_with or "")
    checkpoint = checkpoint_of(reply)
    found = zip(operations, found_in(reply), strict=True)
    return Snapshot(checkpoint=checkpoint, results=tuple(operation.parse(each) for operation, each in found))


def checkpoint_of(reply: Sequence[Any]) -> Checkpoint:
    """The checkpoint in what the store's function answers. Raises ReadModelDamaged."""
    generation, now_us, fields, _, sizes, live = reply
    checkpoint = parse_checkpoint(generation, now_us, fields, is_live=generation == live)
    if not has_its_sizes(checkpoint, sizes):
        raise ReadModelDamaged("checkpoint")
    return checkpoint


def found_in(reply: Sequence[Any]) -> Sequence[Any]:
    """What it found for each operation."""
    found: Sequence[Any] = reply[3]
    return found


def as_json(operations: Sequence[Operation[Any]]) -> str:
    """The operations as they are sent; documents, which most reads ask for, in a tenth of the time."""
    return joined_json(map(operation_json, operations))


def joined_json(operations: Iterable[str]) -> str:
    """The same of operations that are JSON already."""
    return f"[{','.join(operations)}]"


def operation_json(operation: Operation[Any]) -> str:
    """One operation as it is sent. Raises ValueError for one that can't be asked for."""
    if not isinstance(operation, Document):
        return encoded(operation.request())
    before, after = _document_frame(operation.view, tuple(operation.joins))
    return f"{before}{encode_basestring(operation.id)}{after}"


@cache
def _document_frame(view: str, joins: tuple[str, ...]) -> tuple[str, str]:
    return f'{{"kind":"document","view":{json.dumps(view)},"id":', f',"joins":{json.dumps(joins)}}}'


def has_its_sizes(checkpoint: Checkpoint, sizes: int) -> bool:
    """Whether all sizes are there that keys are held against."""
    return checkpoint.generation == 0 or checkpoint.sizes == sizes
