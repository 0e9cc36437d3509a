"""Several processes that serve one address: one ready line, one guard of the port, one drain, one count."""

import asyncio
import json
import os
import signal
import socket
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import grpc
import pytest

from service_kit import addresses
from service_kit.errors import StartRefused
from tests.ports import free_ports
from tests.services.kit_service import unary, valid_request
from tests.services.test_service_kit_server import PROCESS
from tests.waiting import DEADLINE_SECONDS, eventually

WORKERS = 3
_CALLS = "rpc_server_calls_total"


@dataclass(slots=True)
class Crew:
    """A supervisor with its workers, and where they serve."""

    process: asyncio.subprocess.Process
    address: str
    metrics_port: int

    def workers(self) -> list[int]:
        """The workers that live."""
        pid = self.process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        except FileNotFoundError:
            return []
        return [int(child) for child in children if _is_alive(int(child))]

    async def has_workers(self, *, without: int = 0) -> bool:
        workers = self.workers()
        return len(workers) == WORKERS and without not in workers


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def _start(address: str, metrics_port: int) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DIPTYCH_WRITE_PROCESSES": str(WORKERS),
        "DIPTYCH_WRITE_ADDRESS": address,
        "DIPTYCH_METRICS_ADDRESS": f"127.0.0.1:{metrics_port}",
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROCESS),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def a_crew() -> AsyncIterator[Crew]:
    """Workers that serve, on a free port."""
    (metrics_port,) = free_ports(1)
    process = await _start("127.0.0.1:0", metrics_port)
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), DEADLINE_SECONDS)).decode().strip()
        text, _, address = line.rpartition(" ")
        assert text == "diptych weaving service ready on"
        yield Crew(process, address, metrics_port)
    finally:
        if process.returncode is None:
            process.terminate()
        _, errors = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
        assert b"Traceback" not in errors, errors.decode()


async def _call(address: str, count: int) -> None:
    """Calls, each over a connection of its own."""
    for number in range(count):
        options = [("grpc.use_local_subchannel_pool", 1)]
        async with grpc.aio.insecure_channel(address, options=options) as channel:
            assert (await unary(channel)(valid_request(str(number)))).order_id == str(number)


async def _has_counted(crew: Crew, calls: int) -> bool:
    return await asyncio.to_thread(_counted, crew) == calls


def _counted(crew: Crew) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{crew.metrics_port}/metrics") as page:
        lines = page.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(_CALLS))


async def test_workers_share_an_address_and_are_counted_as_one() -> None:
    async with a_crew() as crew:
        assert await crew.has_workers()
        await _call(crew.address, 30)
        await eventually(partial(_has_counted, crew, 30))
        workers = crew.workers()
        crew.process.send_signal(signal.SIGTERM)
        output, errors = await asyncio.wait_for(crew.process.communicate(), DEADLINE_SECONDS)
        assert (crew.process.returncode, output) == (0, b"")
        events = [json.loads(line)["event"] for line in errors.decode().splitlines()]
        assert (events.count("draining"), events.count("stopped")) == (WORKERS, WORKERS)
        assert not any(map(_is_alive, workers))


async def test_a_worker_that_was_killed_comes_back_while_the_others_serve() -> None:
    async with a_crew() as crew:
        await eventually(crew.has_workers)
        victim = crew.workers()[0]
        os.kill(victim, signal.SIGKILL)
        await eventually(lambda: crew.has_workers(without=victim))
        await _call(crew.address, 10)


async def test_workers_end_with_their_supervisor() -> None:
    async with a_crew() as crew:
        workers = crew.workers()
        crew.process.kill()
        await crew.process.wait()

        async def are_gone() -> bool:
            return not any(map(_is_alive, workers))

        await eventually(are_gone)


async def test_an_independent_start_on_the_address_is_refused() -> None:
    async with a_crew() as crew:
        process = await _start(crew.address, 0)
        _, errors = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
        assert process.returncode == 1
        assert f"can't listen on {crew.address}: Address already in use" in errors.decode()
        await _call(crew.address, 5)


def test_a_port_bound_alone_is_bound_once() -> None:
    with addresses.bind_alone("127.0.0.1:0") as first:
        address = addresses.with_port("127.0.0.1:0", first)
        with pytest.raises(StartRefused):
            addresses.bind_alone(address)


def test_a_port_that_is_open_to_all_is_bound_twice() -> None:
    """The sabotaged twin of the test above: shared from the start, without a look before."""
    with addresses.bind_alone("127.0.0.1:0") as first, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(first.getsockname())
