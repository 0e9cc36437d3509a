"""Calls combined into groups: a runner takes whatever waits, so that group size follows the load."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")

# For so many turns of the loop a group waits for calls that keep coming; on an idle loop a turn is nothing.
_MOST_TURNS = 8
# A group so large waits for no more: those that come now are prepared while it is run.
_ENOUGH_CALLS = 32


class Grouping(Generic[Request, Answer]):
    """Runs calls in groups of at most `largest`, at most `runners` groups at a time.

    `run` answers a group in its order; an exception as an answer is raised to that caller alone, one that
    `run` raises to every caller of the group. A caller that gave up before its group was taken leaves no
    trace; once taken, a call runs to its end whoever waits for it.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Request]], Awaitable[Sequence[Answer | Exception]]],
        *,
        largest: int,
        runners: int = 1,
    ) -> None:
        self._run = run
        self._largest = largest
        self._runners = runners
        self._waiting: deque[_Call[Request, Answer]] = deque()
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, request: Request) -> Answer:
        """The answer to `request`, from the group it ends up in."""
        return await self.submit(request)

    def submit(self, request: Request) -> asyncio.Future[Answer]:
        """Takes a request over at once; cancelling the future is to give the call up."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._take_over((request, partial(_settle, answer), answer.done))
        return answer

    def hand_over(self, request: Request, told: Callable[[Answer | Exception], None]) -> None:
        """Takes a request over at once; `told` is called with what became of it, together with its group.

        A future for each would cost as much as all the rest of a call.
        """
        self._take_over((request, told, None))

    def _take_over(self, call: "_Call[Request, Answer]") -> None:
        self._waiting.append(call)
        if self._running < self._runners:
            self._running += 1
            # The task starts after this turn of the loop: all calls of the turn are in its first group.
            task = asyncio.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Waits until every call made so far has its answer."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _drain(self) -> None:
        try:
            while group := self._take():
                await self._answer(group)
                await self._gather()
        finally:
            # Here and not when the task is done: until then a call would count on a runner that has left.
            self._running -= 1

    async def _gather(self) -> None:
        """Let those who are about to call do so: a group of thirty costs hardly more than one of three."""
        for _ in range(_MOST_TURNS):
            before = len(self._waiting)
            if not 0 < before < _ENOUGH_CALLS:
                return
            await asyncio.sleep(0)
            if len(self._waiting) <= before:
                return

    async def _answer(self, group: "list[_Call[Request, Answer]]") -> None:
        try:
            answers: Sequence[Answer | Exception] = await self._run([request for request, _, _ in group])
        except Exception as error:  # noqa: BLE001 - it is raised again, to each caller
            answers = [error] * len(group)
        for (_, told, _), answer in zip(group, answers, strict=True):
            try:
                told(answer)
            except Exception as error:  # noqa: BLE001 - one caller's failure must not leave the others waiting
                context = {"message": "an answer was not taken", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)

    def _take(self) -> "list[_Call[Request, Answer]]":
        group: list[_Call[Request, Answer]] = []
        while self._waiting and len(group) < self._largest:
            call = self._waiting.popleft()
            is_given_up = call[2]
            if is_given_up is None or not is_given_up():
                group.append(call)
        return group


# A request, what is told its answer, and whether its caller gave up, where callers can.
_Call = tuple[Request, Callable[[Answer | Exception], None], Callable[[], bool] | None]


def _settle(future: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
