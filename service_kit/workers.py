"""Several processes that serve one address: launched, brought back, drained and counted as one."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, multiprocess, start_http_server

from service_kit.addresses import bind_alone, with_port
from service_kit.errors import StartRefused
from service_kit.log import logger

_METRICS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_READY = " ready on "
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """How many workers serve which address; `address_variable` is what they are told it by."""

    workers: int
    address: str
    address_variable: str
    metrics_address: str
    stop_seconds: float


class Workers:
    """Runs the command of this process again, as often as the crew has workers.

    The address is bound here first, by itself, and opened to the workers alone: so an independent start on
    it is refused, as it is where one process serves.
    """

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._told = asyncio.Event()
        self._is_hurried = False
        self._processes: dict[int, asyncio.subprocess.Process] = {}

    async def run(self) -> None:
        """Until told to stop, then until all workers have drained; raises StartRefused."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        with bind_alone(self._crew.address) as reserved, _metrics(self._crew) as metrics_directory:
            address = with_port(self._crew.address, reserved)
            environment = {
                **os.environ,
                _METRICS_DIRECTORY: metrics_directory,
                self._crew.address_variable: address,
            }
            ready: asyncio.Queue[str | None] = asyncio.Queue()
            keeping = [
                asyncio.create_task(self._keep(number, environment, ready))
                for number in range(self._crew.workers)
            ]
            try:
                if await self._all_ready(ready):
                    await self._told.wait()
            finally:
                # Told a second time, the workers would end at once instead of draining.
                if not self._told.is_set():
                    self._stop()
                await asyncio.gather(*keeping)

    async def _all_ready(self, ready: "asyncio.Queue[str | None]") -> bool:
        stopping = asyncio.create_task(self._told.wait())
        line: str | None = None
        try:
            for _ in range(self._crew.workers):
                getting = asyncio.create_task(ready.get())
                await asyncio.wait((getting, stopping), return_when=asyncio.FIRST_COMPLETED)
                if not getting.done():
                    getting.cancel()
                    return False
                line = getting.result()
                if line is None:
                    raise StartRefused("a worker did not start")
        finally:
            stopping.cancel()
        print(line, flush=True)  # noqa: T201 - the line that starters wait for
        return True

    async def _keep(
        self, number: int, environment: Mapping[str, str], ready: "asyncio.Queue[str | None]"
    ) -> None:
        pause_seconds, is_first = _FIRST_PAUSE_SECONDS, True
        while not self._told.is_set():
            started_at = asyncio.get_running_loop().time()
            has_served = await self._run_worker(number, environment, ready, is_first=is_first)
            if self._told.is_set():
                return
            if is_first and not has_served:
                ready.put_nowait(None)
                return
            is_first = False
            if asyncio.get_running_loop().time() - started_at > _LONGEST_PAUSE_SECONDS:
                pause_seconds = _FIRST_PAUSE_SECONDS
            logger().warning("worker_ended", worker=number, again_in_seconds=pause_seconds)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), pause_seconds)
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    async def _run_worker(
        self,
        number: int,
        environment: Mapping[str, str],
        ready: "asyncio.Queue[str | None]",
        *,
        is_first: bool,
    ) -> bool:
        """One life of a worker; whether it came to serve."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *sys.orig_argv[1:]),
            # The worker ends when this pipe does: a supervisor that was killed leaves nobody behind.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**environment, "DIPTYCH_WORKER": str(number)},
            start_new_session=True,
        )
        self._processes[number] = process
        if self._told.is_set():
            process.terminate()
        line = await _ready_line(process)
        if line is not None and is_first:
            ready.put_nowait(line)
        elif line is not None:
            logger().info("worker_back", worker=number)
        await self._ended(process)
        del self._processes[number]
        multiprocess.mark_process_dead(process.pid, path=environment[_METRICS_DIRECTORY])  # type: ignore[no-untyped-call]  # untyped
        return line is not None

    async def _ended(self, process: asyncio.subprocess.Process) -> None:
        waiting = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._told.wait())
        await asyncio.wait((waiting, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await asyncio.wait((waiting,), timeout=self._crew.stop_seconds if self._told.is_set() else None)
        if not waiting.done():
            process.kill()
        await waiting

    def _stop(self) -> None:
        if self._told.is_set() and self._is_hurried:
            return
        # The workers take a second signal as an order to end at once.
        self._is_hurried = self._told.is_set()
        self._told.set()
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()


async def _ready_line(process: asyncio.subprocess.Process) -> str | None:
    """What the worker says when it serves; None when it ends before. Other lines pass through."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    while line := (await process.stdout.readline()).decode(errors="replace").rstrip("\n"):
        if line.startswith("diptych ") and _READY in line:
            return line
        print(line, flush=True)  # noqa: T201 - the worker's own words
    return None


@contextlib.contextmanager
def _metrics(crew: Crew) -> Iterator[str]:
    """Where the workers count, and a page of their sums; another supervisor's where there is one."""
    if directory := os.environ.get(_METRICS_DIRECTORY):
        yield directory
        return
    directory = tempfile.mkdtemp(prefix="diptych-metrics-")
    try:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, path=directory)  # type: ignore[no-untyped-call]  # untyped
        host, _, port = crew.metrics_address.rpartition(":")
        if crew.metrics_address:
            try:
                start_http_server(int(port), addr=host.strip("[]"), registry=registry)
            except OSError as error:
                logger().warning("metrics_not_served", address=crew.metrics_address, error=error.strerror)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
