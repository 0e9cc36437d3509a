"""Simple commands against the write services of two source trees, by turns in one run: what a change brought.

    python -m bench.command_pairs <tree before> <tree after> [--calls batch] [--streams 8] [--rounds 5]

Every round sends as many ReceiveStock commands to each, over thousands of products, through ExecuteBatch on
several streams or as unary calls from as many callers. Only the ratio of a pair says something.
"""

import argparse
import asyncio
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diptych.orders.v1 import order_command_service_pb2 as commands

from bench.clients import command_stub, execute, new_context, product_with_stock
from local_stack.postgres import PostgresServer
from tests.postgres_server import copy_of_log, prepare_log, server_settings, stop_at_once

_PRODUCTS = 2000
_SENDERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A write service of one tree."""

    process: "subprocess.Popen[str]"
    address: str

    def cpu_seconds(self) -> float:
        """What the process has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Start both, fill both, measure by turns, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs=2, type=Path)
    parser.add_argument("--calls", choices=("batch", "unary"), default="batch")
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--commands", type=int, default=16_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="diptych-bench-") as directory:
        server = PostgresServer(Path(directory) / "postgres", server_settings())
        server.start()
        served: list[Served] = []
        try:
            asyncio.run(prepare_log(server))
            served += [_serve(tree.resolve(), copy_of_log(server).writer_url) for tree in options.trees]
            _compare(served, options)
        finally:
            for each in served:
                each.process.terminate()
                each.process.wait()
            stop_at_once(server)


def _serve(tree: Path, database_url: str) -> Served:
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tree}:{tree / 'generated'}",
        "DIPTYCH_WRITE_ADDRESS": "127.0.0.1:0",
        "DIPTYCH_METRICS_ADDRESS": "",
        "DIPTYCH_DATABASE_URL": database_url,
        "DIPTYCH_TOKEN_KEY": "5a" * 32,
        "DIPTYCH_LOG_LEVEL": "error",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "write_service"], cwd=tree, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if "ready on" not in line:
        raise RuntimeError(f"the write service of {tree} did not start")
    served = Served(process=process, address=line.split()[-1])
    asyncio.run(_fill(served.address))
    return served


def _compare(served: Sequence[Served], options: argparse.Namespace) -> None:
    found: list[list[tuple[float, float]]] = [[], []]
    for number in range(options.rounds + 1):
        for which in (0, 1) if number % 2 else (1, 0):
            measured = _measure(served[which], options)
            if number:  # the first round warms up
                found[which].append(measured)
                print(f"{options.trees[which]}: {measured[0]:,.0f} commands/s, {measured[1]:.0f} µs CPU each")
    for place, name in enumerate(("commands/s", "CPU a command")):
        ratios = [after[place] / before[place] for before, after in zip(*found, strict=True)]
        print(
            f"{name}, after to before: n {len(ratios)}, min {min(ratios):.2f}, "
            f"median {statistics.median(ratios):.2f}, max {max(ratios):.2f}"
        )


def _measure(served: Served, options: argparse.Namespace) -> tuple[float, float]:
    used = served.cpu_seconds()
    share = (served.address, options.calls, options.streams // _SENDERS, options.commands // _SENDERS)
    with multiprocessing.get_context("spawn").Pool(_SENDERS) as senders:
        seconds = max(senders.starmap(_send, [share] * _SENDERS))
    return options.commands / seconds, (served.cpu_seconds() - used) / options.commands * 1e6


def _send(address: str, calls: str, streams: int, count: int) -> float:
    return asyncio.run((_batches if calls == "batch" else _unaries)(address, streams, count))


async def _fill(address: str) -> None:
    requests = [request for number in range(_PRODUCTS) for request in product_with_stock(f"sku-{number}", 1)]
    async for _ in execute(command_stub(address), requests):
        pass


async def _batches(address: str, streams: int, count: int) -> float:
    batches = [
        [commands.ExecuteBatchRequest(receive_stock=each) for each in _deliveries(place, count // streams)]
        for place in range(streams)
    ]

    async def send(batch: Sequence[commands.ExecuteBatchRequest]) -> None:
        async for _ in execute(command_stub(address), batch):
            pass

    began = time.perf_counter()
    await asyncio.gather(*[send(batch) for batch in batches])
    return time.perf_counter() - began


async def _unaries(address: str, streams: int, count: int) -> float:
    async def send(deliveries: Sequence[commands.ReceiveStockRequest]) -> None:
        stub = command_stub(address)
        for delivery in deliveries:
            await stub.ReceiveStock(delivery)

    each = [_deliveries(place, count // streams) for place in range(streams)]
    began = time.perf_counter()
    await asyncio.gather(*[send(deliveries) for deliveries in each])
    return time.perf_counter() - began


def _deliveries(place: int, count: int) -> list[commands.ReceiveStockRequest]:
    return [
        commands.ReceiveStockRequest(
            context=new_context(), sku=f"sku-{(number * 37 + place * 251) % _PRODUCTS}", quantity=1
        )
        for number in range(count)
    ]


if __name__ == "__main__":
    main()
