"""Documents that are asked for in one turn of the loop are read in one step."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import hiredis

from read_store.checkpoint import Checkpoint
from read_store.connection import Connection
from read_store.errors import ReadStoreUnavailable
from read_store.keys import partition_root
from read_store.operations import Document
from read_store.snapshot import Snapshot, as_json, checkpoint_of, found_in

# So that nobody waits long for the others' documents.
_MOST_DOCUMENTS = 64

Corrected = Callable[[str, Checkpoint], Checkpoint]


class ReadAlone(Exception):
    """The step failed, for the sake of any of its documents: each must be asked for by itself."""


class Gathering:
    """Reads of single documents of live generations, together what one turn of the loop brings.

    Each is answered as if it were alone: at a moment after it was asked for, with a failure of its own.
    """

    def __init__(self, connection: Connection, function: str, corrected: Corrected) -> None:
        self._connection = connection
        self._function = function
        self._corrected = corrected
        self._open: dict[str, _Group] = {}

    def read(self, projection: str, document: Document) -> "asyncio.Future[Snapshot]":
        """The document with the checkpoint of that moment.

        Raises ReadStoreUnavailable at once; the future may raise it too, and ReadModelDamaged and ReadAlone.
        """
        group = self._open.get(projection)
        if group is None or group.is_over or len(group.documents) == _MOST_DOCUMENTS:
            group = _Group(partial(self._corrected, projection))
            self._connection.send_late(partial(self._packed, projection, group), group)
            self._open[projection] = group
        return group.add(document)

    def _packed(self, projection: str, group: "_Group") -> bytes:
        if self._open.get(projection) is group:
            del self._open[projection]
        root = partition_root(projection)
        command: tuple[Any, ...] = ("FCALL_RO", self._function, 1, root, as_json(group.documents), "")
        packed: bytes = hiredis.pack_command(command)
        return packed


class _Group:
    """Takes the store's answer in the place of a future, and tells each caller its part of it."""

    def __init__(self, corrected: Callable[[Checkpoint], Checkpoint]) -> None:
        self.documents: list[Document] = []
        self.is_over = False
        self._corrected = corrected
        self._answers: list[asyncio.Future[Snapshot]] = []
        self._loop = asyncio.get_running_loop()

    def add(self, document: Document) -> "asyncio.Future[Snapshot]":
        answer: asyncio.Future[Snapshot] = self._loop.create_future()
        self.documents.append(document)
        self._answers.append(answer)
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
        for answer, document, found in zip(self._answers, self.documents, found_in(reply), strict=True):
            if answer.done():
                continue
            try:
                result = document.parse(found)
            except Exception as error:  # noqa: BLE001 - raised again, to the one that asked for it
                answer.set_exception(error)
            else:
                answer.set_result(Snapshot(checkpoint=checkpoint, results=(result,)))

    def set_exception(self, error: Exception) -> None:
        self.is_over = True
        is_each_ones = len(self._answers) == 1 or isinstance(error, ReadStoreUnavailable)
        self._fail(error if is_each_ones else ReadAlone())

    def _fail(self, error: Exception) -> None:
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(error)
