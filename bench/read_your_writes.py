"""Write, then read with the token: how long a query waits until its answer includes the command.

    python -m bench.read_your_writes [--pairs 10000] [--clients 16]

Every answer is checked: a stale one ends the run. The wait is the whole query, as the client sees it.
"""

import argparse
import asyncio
import time
import uuid

from diptych.consistency.v1.consistency_pb2 import Consistency
from diptych.orders.v1.order_command_service_pb2 import ReceiveStockRequest
from diptych.orders.v1.order_query_service_pb2 import GetProductRequest

from bench.clients import command_stub, execute, new_context, product_with_stock, query_stub
from bench.running import Addresses, running_stack


def main() -> None:
    """Start a stack, run the pairs, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=16)
    options = parser.parse_args()
    with running_stack() as addresses:
        asyncio.run(_measure(addresses, options.pairs, options.clients))


async def _measure(addresses: Addresses, pairs: int, clients: int) -> None:
    began = time.perf_counter()
    measured = await asyncio.gather(*[_client(addresses, pairs // clients) for _ in range(clients)])
    seconds = time.perf_counter() - began
    waits = sorted(wait for waits, _ in measured for wait in waits)
    commands = sorted(took for _, tooks in measured for took in tooks)
    print(f"{len(waits)} pairs from {clients} clients in {seconds:.1f} s, none stale")
    for name, taken in (("command", commands), ("query with its token", waits)):
        middle, high = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
        print(f"{name}: p50 {middle * 1000:.2f} ms, p99 {high * 1000:.2f} ms, max {taken[-1] * 1000:.1f} ms")


async def _client(addresses: Addresses, pairs: int) -> tuple[list[float], list[float]]:
    write, read = command_stub(addresses.write), query_stub(addresses.read)
    sku, waits, tooks = f"sku-{uuid.uuid4()}", [], []
    async for _ in execute(write, product_with_stock(sku, 1)):
        pass
    for number in range(pairs):
        sent = time.perf_counter()
        written = await write.ReceiveStock(ReceiveStockRequest(context=new_context(), sku=sku, quantity=1))
        asked = time.perf_counter()
        consistency = Consistency(at_least_as_fresh=written.receipt.token)
        answer = await read.GetProduct(GetProductRequest(consistency=consistency, sku=sku))
        waits.append(time.perf_counter() - asked)
        tooks.append(asked - sent)
        if answer.product.received != number + 2 or answer.freshness.position < written.receipt.position:
            raise RuntimeError(f"stale: {answer.product.received} units, {number + 2} were received")
    return waits, tooks


if __name__ == "__main__":
    main()
