"""What is asked for in one turn of the loop is read in one step, where it is little."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

import hiredis

from read_store.checkpoint import Checkpoint
from read_store.connection import Connection
from read_store.errors import ReadStoreUnavailable
from read_store.keys import partition_root
from read_store.operations import Document, IndexEdge, Operation, TallyRow
from read_store.snapshot import Snapshot, checkpoint_of, found_in, joined_json, operation_json

# So that nobody waits long for what others ask for.
_MOST_OPERATIONS = 64
_MOST_OF_ONE_READ = 4
_SMALL = frozenset((Document, IndexEdge, TallyRow))

Corrected = Callable[[str, Checkpoint], Checkpoint]


class ReadAlone(Exception):
    """The step failed, for the sake of any of its reads: each must be asked for by itself."""


class Gathering:
    """Reads of live generations, together what one turn of the loop brings.

    Each is answered as if it were alone: at a moment after it was asked for, with a failure of its own. Who
    asks for the very same operations, as an object, gets the same snapshot, which nobody may change.
    """

    def __init__(self, connection: Connection, function: str, corrected: Corrected) -> None:
        self._connection = connection
        self._function = function
        self._corrected = corrected
        self._open: dict[Hashable, _Group] = {}

    def read(self, projection: str, operations: Sequence[Operation[Any]]) -> "asyncio.Future[Snapshot]":
        """What small operations find with the checkpoint of that moment; without any, a look at that.

        Raises ReadStoreUnavailable at once; the future may raise it too, and ReadModelDamaged and ReadAlone.
        """
        return self._group(projection, projection).add(operations)

    def read_apart(self, projection: str, operations: Sequence[Operation[Any]]) -> "asyncio.Future[Snapshot]":
        """The same for operations of any size, shared with nobody but who asks for these."""
        return self._group((projection, id(operations)), projection).add(operations)

    def _group(self, key: Hashable, projection: str) -> "_Group":
        group = self._open.get(key)
        if group is None or group.is_over or len(group.requests) >= _MOST_OPERATIONS:
            # What was lost with its connection was never packed.
            self._open = {name: each for name, each in self._open.items() if not each.is_over}
            group = _Group(partial(self._corrected, projection))
            # What is wrong with a question must show here: in the packing it would fail what others sent.
            root = partition_root(projection)
            self._connection.send_late(partial(self._packed, key, root, group), group)
            self._open[key] = group
        return group

    def _packed(self, key: Hashable, root: str, group: "_Group") -> bytes:
        # From here on it is on its way: who asks now could get what was so before.
        if self._open.get(key) is group:
            del self._open[key]
        command: tuple[Any, ...] = ("FCALL_RO", self._function, 1, root, joined_json(group.requests), "")
        packed: bytes = hiredis.pack_command(command)
        return packed


def is_small(operations: Sequence[Operation[Any]]) -> bool:
    """Whether operations cost so little that others may wait for them."""
    if len(operations) == 1:
        return operations[0].__class__ in _SMALL
    return len(operations) <= _MOST_OF_ONE_READ and all(each.__class__ in _SMALL for each in operations)


class _Group:
    """Takes the store's answer in the place of a future, and tells each caller its part of it."""

    def __init__(self, corrected: Callable[[Checkpoint], Checkpoint]) -> None:
        # Each operation as JSON, in the order of what was asked.
        self.requests: list[str] = []
        self.is_over = False
        self._corrected = corrected
        # By the identity of the operations.
        self._asked: dict[int, tuple[Sequence[Operation[Any]], list[asyncio.Future[Snapshot]]]] = {}
        self._loop = asyncio.get_running_loop()

    def add(self, operations: Sequence[Operation[Any]]) -> "asyncio.Future[Snapshot]":
        answer: asyncio.Future[Snapshot] = self._loop.create_future()
        asked = self._asked.get(id(operations))
        if asked is None:
            self.requests += [operation_json(operation) for operation in operations]
            self._asked[id(operations)] = (operations, [answer])
        else:
            asked[1].append(answer)
        return answer

    def done(self) -> bool:
        return self.is_over

    def set_result(self, reply: Sequence[Any]) -> None:
        self.is_over = True
        try:
            checkpoint = self._corrected(checkpoint_of(reply))
        except Exception as error:  # noqa: BLE001 - it is raised again, to each caller
            self._fail(error)
            return
        found = iter(found_in(reply))
        for operations, answers in self._asked.values():
            # All of its part is taken from what was found, also when the first of it can't be parsed.
            parts = [(operation, next(found)) for operation in operations]
            try:
                results = tuple([operation.parse(each) for operation, each in parts])
            except Exception as error:  # noqa: BLE001 - raised again, to who asked for it
                _fail(answers, error)
            else:
                _tell(answers, Snapshot(checkpoint=checkpoint, results=results))

    def set_exception(self, error: Exception) -> None:
        self.is_over = True
        is_each_ones = len(self._asked) == 1 or isinstance(error, ReadStoreUnavailable)
        self._fail(error if is_each_ones else ReadAlone())

    def _fail(self, error: Exception) -> None:
        for _, answers in self._asked.values():
            _fail(answers, error)


def _tell(answers: Sequence["asyncio.Future[Snapshot]"], snapshot: Snapshot) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_result(snapshot)


def _fail(answers: Sequence["asyncio.Future[Snapshot]"], error: Exception) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_exception(error)
