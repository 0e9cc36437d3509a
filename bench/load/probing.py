"""A process of one client that takes its time call by call: python -m bench.load.probing.

A line of JSON names what to do; the answer is a line with the values found.
"""

import itertools
import statistics
import time
import uuid
from collections.abc import Callable, Mapping

from diptych.command.v1.command_pb2 import CommandContext
from diptych.orders.v1.order_command_service_pb2 import ReceiveStockRequest, ReceiveStockResponse
from diptych.orders.v1.order_query_service_pb2 import GetProductRequest, GetProductResponse

from bench.answering import answer_lines
from bench.load.one_call import Caller
from bench.measuring import Values
from bench.seed import names

_RECEIVE = "/diptych.orders.v1.OrderCommandService/ReceiveStock"
_PRODUCT = "/diptych.orders.v1.OrderQueryService/GetProduct"


def stream(address: str, path: str, request: str, name: str) -> Values:
    """The seconds of one call with all messages of its answer, and how many they were."""
    caller = Caller(address)
    try:
        began = time.perf_counter()
        messages = caller.call(path, bytes.fromhex(request))
        seconds = time.perf_counter() - began
    finally:
        caller.close()
    sizes = [len(message) for message in messages]
    return {name: seconds, "messages": len(sizes), "bytes": sum(sizes)}


def freshness(write_address: str, read_address: str, products: int, seconds: float) -> Values:
    """Milliseconds from a command's answer to the answer of a query that includes it.

    Raises ValueError when a query's answer does not include the command.
    """
    write, read = Caller(write_address), Caller(read_address)
    waits, began = [], time.perf_counter()
    try:
        for number in itertools.count():
            if time.perf_counter() - began > seconds:
                break
            waits.append(_wait(write, read, names.sku(number % products)))
    finally:
        write.close()
        read.close()
    waits.sort()
    return {"readable p50": statistics.median(waits), "readable p99": waits[int(len(waits) * 0.99)]}


def _wait(write: Caller, read: Caller, sku: str) -> float:
    command = ReceiveStockRequest(
        context=CommandContext(command_id=str(uuid.uuid4())), sku=sku, quantity=1, reference="bench"
    )
    answer = ReceiveStockResponse.FromString(write.call(_RECEIVE, command.SerializeToString())[0])
    began = time.perf_counter()
    request = GetProductRequest(sku=sku)
    request.consistency.at_least_as_fresh.CopyFrom(answer.receipt.token)
    product = GetProductResponse.FromString(read.call(_PRODUCT, request.SerializeToString())[0]).product
    wait = (time.perf_counter() - began) * 1000
    if product.version < answer.receipt.version:
        raise ValueError(f"{sku} was read at version {product.version}, {answer.receipt.version} was written")
    return wait


PARTS: Mapping[str, Callable[..., Values]] = {"stream": stream, "freshness": freshness}


def main() -> None:
    """Answer until the input ends."""
    answer_lines(PARTS.__getitem__)


if __name__ == "__main__":
    main()
