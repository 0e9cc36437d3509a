"""The processes that load is made in: started once, each with its share of every job."""

import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from bench.load.loops import Taken, Window, call_at_a_pace, call_without_pause
from bench.load.protocol import Calls

# Numbers of calls must differ between the processes and between the jobs: command ids are made of them.
_NUMBERS_A_JOB = 10_000_000


MakeCalls = Callable[[int], Sequence[Calls]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Calls to make; `calls` makes the protocols of as many connections and must be picklable.

    Without `per_second` each connection has `depth` calls under way all the time. `is_raw` calls are answered
    as fast as they can be made, so that they say nothing about whether the load held a service back.
    """

    place: str
    calls: MakeCalls
    window: Window
    connections: int = 1
    depth: int = 1
    per_second: float | None = None
    first_number: int = 0
    is_raw: bool = False


class LoadWorkers:
    """Processes that wait for jobs until `close`."""

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.count = count
        # The largest share of its time that a process spent computing, over the jobs so far but raw ones.
        self.busiest = 0.0
        self._jobs = 0
        self._ends: list[Connection] = []
        self._processes = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            self._ends.append(ours)
            self._processes.append(process)
        for each in self._ends:
            each.recv()

    def run(self, job: Job) -> Taken:
        """Do a job in as many processes as it has connections for. Raises what a loop raises."""
        shares = [
            share
            for share in (
                job.connections // self.count + (place < job.connections % self.count)
                for place in range(self.count)
            )
            if share
        ]
        for place, (end, share) in enumerate(zip(self._ends, shares, strict=False)):
            self._jobs += 1
            pace = None if job.per_second is None else job.per_second * share / job.connections
            first = job.first_number + (self._jobs * 10 + place) * _NUMBERS_A_JOB
            end.send(replace(job, connections=share, per_second=pace, first_number=first))
        answers: list[Taken | Exception] = [end.recv() for end, _ in zip(self._ends, shares, strict=False)]
        taken = [answer for answer in answers if isinstance(answer, Taken)]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        if not job.is_raw:
            self.busiest = max(self.busiest, *(each.busy for each in taken))
        return _together(taken)

    def close(self) -> None:
        """End the processes."""
        for end in self._ends:
            with suppress(OSError):
                end.send(None)
        for process in self._processes:
            process.join()


def _together(taken: list[Taken]) -> Taken:
    return Taken(
        calls=sum(each.calls for each in taken),
        seconds=taken[0].seconds,
        busy=max(each.busy for each in taken),
        answered_bytes=sum(each.answered_bytes for each in taken),
        milliseconds=sorted(took for each in taken for took in each.milliseconds),
    )


def _work(end: Connection) -> None:
    end.send(None)
    while (job := end.recv()) is not None:
        try:
            end.send(_done(job))
        except Exception as error:  # noqa: BLE001 - raised again by the process that wanted the job
            end.send(error)


def _done(job: Job) -> Taken:
    calls = job.calls(job.connections)
    given: dict[str, Any] = {"first_number": job.first_number}
    if job.per_second is not None:
        return call_at_a_pace(job.place, calls, job.window, per_second=job.per_second, **given)
    return call_without_pause(job.place, calls, job.window, depth=job.depth, **given)
