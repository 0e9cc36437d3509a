"""Tells readers where the log ends, whoever has the lease."""

import contextlib
from collections.abc import Callable
from uuid import UUID

import failpoints
from event_store import EventLog, StoreError
from read_store import HeadAnswers, ReadStoreUnavailable


async def answer_asks(answers: HeadAnswers, log: EventLog, asked: Callable[[int], None]) -> None:
    """Answers until cancelled; `asked` hears which position somebody waits for from now on."""

    async def head() -> tuple[UUID, int]:
        end = await log.head()
        if failpoints.is_armed:
            await failpoints.reach("head.before_answer")
        asked(end.position)
        return end.epoch, end.position

    while True:
        with contextlib.suppress(StoreError, ReadStoreUnavailable):
            await answers.run(head)
