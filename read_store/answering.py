"""The projector's answers to readers that ask where the log ends now."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from read_store.connection import Connection
from read_store.errors import ReadStoreUnavailable
from read_store.keys import partition_root
from read_store.reports import REPORT_PREFIX, reported_place

_KEPT_REPORTS = 100


class HeadAnswers:
    """Answers each ask with a head that was read after the ask came; asks that wait share one answer."""

    def __init__(self, url: str, projection: str, *, partition: int = 0) -> None:
        self._root = partition_root(projection, partition)
        self._connection = Connection(url, on_push=self._pushed, on_connect=self._subscribe)
        self._nonces: list[bytes] = []
        self._asked = asyncio.Event()
        # What readers say is damaged; the oldest reports are dropped, since damage is reported again.
        self.reports: deque[tuple[str, ...]] = deque(maxlen=_KEPT_REPORTS)

    async def run(self, read_head: Callable[[], Awaitable[tuple[UUID, int]]]) -> None:
        """Answers until it is cancelled; raises what `read_head` raises, and those asks stay unanswered."""
        await self._connection.open()
        try:
            while True:
                await self._asked.wait()
                self._asked.clear()
                nonces, self._nonces = self._nonces, []
                epoch, position = await read_head()
                with contextlib.suppress(ReadStoreUnavailable):
                    for nonce in nonces:
                        answer = b"%s %s %d" % (nonce, epoch.hex.encode(), position)
                        self._connection.send("PUBLISH", f"{self._root}answer", answer)
        finally:
            await self._connection.close()

    async def _subscribe(self) -> None:
        self._connection.post("SUBSCRIBE", f"{self._root}ask")

    def _pushed(self, push: list[Any]) -> None:
        if push[0] != b"message":
            return
        if push[2].startswith(REPORT_PREFIX):
            if place := reported_place(push[2]):
                self.reports.append(place)
        else:
            self._nonces.append(push[2])
            self._asked.set()
